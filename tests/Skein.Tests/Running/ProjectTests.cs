using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Core.Spending;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>Sessions that follow a project which was moved. What a folder is a part of is told by a file in it.</summary>
public sealed class ProjectTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_whose_folder_was_moved_is_listed_in_the_new_place_and_goes_on_there()
    {
        await using var kernel = await StartAsync();
        var (old, moved) = (Folder(kernel, "old", "geese"), Path.Combine(kernel.Workspace, "moved"));
        var session = await NewAsync(kernel, old);
        var fork = (await kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var other = await NewAsync(kernel, Folder(kernel, "other", "ducks"));
        await kernel.RestartAsync();

        Directory.Move(old, moved);

        Assert.Equal([session, fork], await ListAsync(kernel, moved));
        Assert.Empty((await kernel.Sessions.ListAsync(new SessionQuery(moved), Cancellation)).Items);
        Assert.Empty((await kernel.LogAsync(session)).Select(e => e.Body).OfType<SessionMoved>());
        var view = await kernel.Sessions.MoveAsync(session, new MoveRequest(moved, IfLost: true), Kernel.User, Cancellation);
        Assert.Equal((moved, new Project("id:geese", "")), (view.Session.Workspace, view.Session.Project));
        Assert.Equal(new SessionMoved(moved), (await kernel.LogAsync(session))[^1].Body);
        Assert.Equal([session], (await kernel.Sessions.ListAsync(new SessionQuery(moved), Cancellation)).Items.Select(s => s.Id));
        Assert.DoesNotContain(other, await ListAsync(kernel, moved));
    }

    [Fact]
    public async Task What_was_said_and_spent_in_it_is_found_in_the_new_place_and_not_in_a_clone_beside_it()
    {
        await using var kernel = await StartAsync();
        var (old, clone, moved) = (Folder(kernel, "old", "geese"), Folder(kernel, "clone", "geese"), Path.Combine(kernel.Workspace, "moved"));
        var session = await NewAsync(kernel, old);
        await kernel.TurnAsync(session, "a heron");

        Assert.Empty(await FoundAsync(clone));
        Directory.Move(old, moved);

        Assert.Equal([session], await FoundAsync(moved));
        Assert.Equal([old], (await SpentAsync(moved, follow: true)).Select(s => s.Key));
        Assert.Empty(await SpentAsync(moved, follow: false));
        Assert.Empty(await SpentAsync(Folder(kernel, "other", "ducks"), follow: true));

        async Task<IReadOnlyList<SessionId>> FoundAsync(string folder) =>
            [.. (await kernel.Sessions.SearchAsync(new SearchQuery("a heron", Workspace: folder, Role: Role.User, Follow: true), Cancellation).ToListAsync(Cancellation)).Select(l => l.Hit?.Session).OfType<SessionId>()];

        async Task<IReadOnlyList<Spent>> SpentAsync(string folder, bool follow) =>
            (await kernel.Sessions.SumSpendingAsync(new SpendingQuery(SpendingBy.Workspace, folder, Follow: follow), Cancellation)).Items;
    }

    [Fact]
    public async Task A_clone_beside_the_folder_takes_no_session_from_it()
    {
        await using var kernel = await StartAsync();
        var (old, clone) = (Folder(kernel, "old", "geese"), Folder(kernel, "clone", "geese"));
        var session = await NewAsync(kernel, old);
        var own = await NewAsync(kernel, clone);

        Assert.Equal([own], await ListAsync(kernel, clone));
        Assert.Equal(old, (await kernel.Sessions.MoveAsync(session, new MoveRequest(clone, IfLost: true), Kernel.User, Cancellation)).Session.Workspace);

        File.WriteAllText(Path.Combine(old, "project"), "swans");
        Assert.Equal([own, session], (await ListAsync(kernel, clone)).OrderBy(s => s == session));
        Assert.Empty(await ListAsync(kernel, Folder(kernel, "neither", "swans")));
    }

    [Fact]
    public async Task Its_user_may_move_a_session_anywhere_but_not_while_a_turn_runs()
    {
        var gate = new Gate();
        await using var kernel = await StartAsync(ScriptedAgent.Kind((turn, token) => WaitAsync(gate, turn, token)));
        var session = await NewAsync(kernel, Folder(kernel, "old", "geese"));
        var elsewhere = Folder(kernel, "elsewhere", "ducks");

        await kernel.Sessions.PromptAsync(session, new PromptRequest("Go."), Kernel.User, Cancellation);
        await gate.Reached;
        await Assert.ThrowsAsync<BusyException>(() => kernel.Sessions.MoveAsync(session, new MoveRequest(elsewhere), Kernel.User, Cancellation));
        gate.Open();
        await kernel.EventAsync<TurnCompleted>(session);
        var view = await kernel.Sessions.MoveAsync(session, new MoveRequest(elsewhere), Kernel.User, Cancellation);

        Assert.Equal((elsewhere, new Project("id:ducks", "")), (view.Session.Workspace, view.Session.Project));
        await Assert.ThrowsAsync<InvalidRequestException>(
            () => kernel.Sessions.MoveAsync(session, new MoveRequest(Path.Combine(elsewhere, "nowhere")), Kernel.User, Cancellation));

        static async IAsyncEnumerable<AgentOutput> WaitAsync(Gate gate, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            await foreach (var output in ScriptedAgent.Say(turn, "Done."))
                yield return output;
        }
    }

    [Fact]
    public async Task A_folder_that_becomes_a_project_is_told_with_the_next_prompt()
    {
        await using var kernel = await StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Workspace, "plain")).FullName;
        var session = await NewAsync(kernel, folder);
        await kernel.TurnAsync(session, "One.");
        Assert.Null((await kernel.GetAsync(session)).Project);

        Folder(kernel, "plain", "geese");
        await kernel.TurnAsync(session, "Two.");
        await kernel.TurnAsync(session, "Three.");

        Assert.Equal(new Project("id:geese", ""), (await kernel.GetAsync(session)).Project);
        Assert.Single((await kernel.LogAsync(session)).Select(e => e.Body).OfType<SessionLocated>());
    }

    private static async Task<Kernel> StartAsync(AgentKind? agent = null)
    {
        var kernel = await Kernel.StartAsync(agent ?? ScriptedAgent.Echo());
        kernel.FindProject = ReadAsync;
        await kernel.RestartAsync();
        return kernel;
    }

    private static string Folder(Kernel kernel, string name, string project)
    {
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Workspace, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "project"), project);
        return folder;
    }

    private static async ValueTask<Project?> ReadAsync(string folder, CancellationToken cancellationToken) =>
        Path.Combine(folder, "project") is var file && File.Exists(file) ? new Project($"id:{await File.ReadAllTextAsync(file, cancellationToken)}", "") : null;

    private static async Task<SessionId> NewAsync(Kernel kernel, string folder) =>
        (await kernel.Sessions.CreateAsync(new NewSession(folder), Kernel.User, Cancellation)).Session.Id;

    private static async Task<IReadOnlyList<SessionId>> ListAsync(Kernel kernel, string folder) =>
        [.. (await kernel.Sessions.ListAsync(new SessionQuery(folder, Follow: true), Cancellation)).Items.Select(s => s.Id).OrderBy(s => s.Value, StringComparer.Ordinal)];
}
