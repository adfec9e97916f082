using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>
/// What a user can do with an agent that is driven, shown with its real program, as npm has it, and a model on loopback. Each agent has
/// to show all of it.
/// </summary>
/// <param name="agent">As <c>--agent</c> takes it.</param>
/// <param name="program">The agent's file.</param>
public abstract class RealAgentTests(string agent, string program) : RealAgentSession(agent, program)
{
    // After an interrupt.
    private static readonly TimeSpan s_commandEndsWithin = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 180_000)]
    public async Task A_call_that_changes_a_file_is_asked_about_and_done_only_if_it_is_allowed()
    {
        Says(Write(PathOf("pond.txt"), "geese\n"));
        Says(new Said("Written."));
        var allowed = await TurnAsync("Write pond.txt.", PermissionAnswer.Once);
        Says(Write(PathOf("fox.txt"), "fox\n"));
        Says(new Said("Not written."));
        var refused = await TurnAsync("Write fox.txt.", PermissionAnswer.No);
        SaysNoMore();
        Says(new Said("On."));
        var after = await GoodTurnAsync("Go on.");

        Assert.Equal("geese\n", await File.ReadAllTextAsync(PathOf("pond.txt"), Cancellation));
        Assert.False(File.Exists(PathOf("fox.txt")));
        Assert.IsType<TurnCompleted>(allowed[^1].Body);
        Assert.Contains("geese", Assert.Single(allowed.Select(e => e.Body).OfType<PermissionAsked>()).Detail, StringComparison.Ordinal);
        Assert.Equal([false], ErrorsOf(allowed));
        Assert.Single(All<PermissionAsked>(refused));
        Assert.Equal([true], ErrorsOf(refused));
        Assert.Contains("Written.", TextsOf(allowed));
        Assert.Contains("On.", TextsOf(after));
        Assert.NotNull((await Api.GetAsync(Id, Cancellation)).Session.AgentSession);
    }

    [Fact(Timeout = 180_000)]
    public async Task What_is_allowed_always_is_done_again_without_a_question_as_long_as_it_lives()
    {
        Requires.Programs("node");
        List<List<SessionEvent>> turns = [];

        // Claude Code asks about a redirection of the shell each time, whatever was allowed.
        foreach (var answer in (PermissionAnswer[])[PermissionAnswer.Always, PermissionAnswer.No])
        {
            Says(Run("node -e \"fs.appendFileSync('pond.txt', 'geese;')\""));
            Says(new Said("Done."));
            turns.Add(await GoodTurnAsync("Add geese.", answer));
        }

        Assert.Single(All<PermissionAsked>(turns[0]));
        Assert.Empty(All<PermissionAsked>(turns[1]));
        Assert.Equal("geese;geese;", await File.ReadAllTextAsync(PathOf("pond.txt"), Cancellation));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_mode_answers_for_its_user_and_is_changed_while_it_lives()
    {
        Dictionary<PermissionMode, int> asked = [];
        foreach (var mode in (PermissionMode[])[PermissionMode.Auto, PermissionMode.Plan, PermissionMode.Ask])
        {
            SaysNoMore();
            await Api.ChangeAsync(Id, new SessionChange(Mode: mode), Cancellation);
            Says(Write(PathOf($"{mode}.txt"), "geese\n"));
            Says(new Said("So it is."));
            asked[mode] = All<PermissionAsked>(await TurnAsync("Write it.", mode == PermissionMode.Ask ? PermissionAnswer.Once : null)).Count();
        }

        Assert.Equal([(PermissionMode.Auto, 0), (PermissionMode.Plan, 0), (PermissionMode.Ask, 1)], asked.Select(a => (a.Key, a.Value)));
        Assert.Equal([true, false, true], asked.Keys.Select(mode => File.Exists(PathOf($"{mode}.txt"))));
    }

    [Fact(Timeout = 180_000)]
    public async Task An_interrupt_ends_what_it_says_and_the_command_it_runs_and_it_goes_on_in_the_same_process()
    {
        Says(new Said("One goose"), new Stalled(Never()));
        var speaking = await PromptAsync("Count.");
        await DeltaAsync(speaking, "goose");
        using var process = AgentProcesses.Oldest(User);
        await InterruptAsync();
        var said = await UntilEndAsync(speaking);

        Says(Run("echo $$ > begun.new && mv begun.new begun && tail -f /dev/null"));
        using var begun = new Appearance(User.Project, "begun");
        var running = await PromptAsync("Wait.");
        await AnswerAsync(running, PermissionAnswer.Once);
        await begun.Seen.WaitAsync(Cancellation);
        var command = int.Parse(await File.ReadAllTextAsync(PathOf("begun"), Cancellation), CultureInfo.InvariantCulture);
        await InterruptAsync();
        var ran = await UntilEndAsync(running);

        Says(new Said("On."));
        var after = await TurnAsync("Go on.");

        Assert.IsType<TurnInterrupted>(said[^1].Body);
        Assert.Contains("One goose", TextsOf(said));
        Assert.IsType<TurnInterrupted>(ran[^1].Body);
        Assert.Single(ErrorsOf(ran));
        Assert.Contains("On.", TextsOf(after));
        using var now = AgentProcesses.Oldest(User);
        Assert.Equal(process.Id, now.Id);
        await EndedAsync(command).WaitAsync(s_commandEndsWithin, Cancellation);
    }

    [Fact(Timeout = 180_000)]
    public async Task After_kill_9_of_skein_and_of_the_agent_it_goes_on_with_what_was_said_and_its_model()
    {
        await Api.ChangeAsync(Id, new SessionChange(Model: Models.Second), Cancellation);
        Says(new Said("I will."));
        await TurnAsync("Remember the pond.");

        Says(new Said("Half a sentence"), new Stalled(Never()));
        await DeltaAsync(await PromptAsync("Tell."), "sentence");
        using (var server = Process.GetProcessById(await User.ServerPidAsync()))
        {
            server.Kill();
            await server.WaitForExitAsync(Cancellation);
        }

        await AgentProcesses.EndedAsync(User, Cancellation);
        await StartServerAsync();
        Says(new Said("Back."));
        var resumed = await GoodTurnAsync("After Skein's end.", PermissionAnswer.Once);
        var first = Model.Requests[^1];

        Says(new Said("Another half"), new Stalled(Never()));
        var halved = await PromptAsync("Tell again.");
        await DeltaAsync(halved, "half");
        using (var process = AgentProcesses.Oldest(User))
            process.Kill();
        var failed = await UntilEndAsync(halved);
        Says(new Said("Back again."));
        var again = await GoodTurnAsync("After the agent's end.", PermissionAnswer.Once);
        var second = Model.Requests.Last(OffersTools);

        Assert.Contains("Back.", TextsOf(resumed));
        Assert.Contains("Remember the pond.", first.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("signal 9", Assert.IsType<TurnFailed>(failed[^1].Body).Message, StringComparison.Ordinal);
        Assert.Contains("Another half", TextsOf(failed));
        Assert.Contains("Back again.", TextsOf(again));
        Assert.Contains("After Skein's end.", second.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal([WireName(Models.Second)], Model.Requests.Where(OffersTools).Select(r => r.Model).Distinct());
    }

    [Fact(Timeout = 180_000)]
    public async Task The_model_is_changed_while_it_lives_and_back_again()
    {
        Says(new Said("First."));
        await GoodTurnAsync("Who?");
        using var process = AgentProcesses.Oldest(User);
        foreach (var model in (string[])[Models.Second, Models.First])
        {
            await Api.ChangeAsync(Id, new SessionChange(Model: model), Cancellation);
            Says(new Said("As you like."));
            await GoodTurnAsync("And now?");
        }

        Assert.Equal([WireName(Models.First), WireName(Models.Second), WireName(Models.First)], Model.Requests.Where(OffersTools).Select(r => r.Model));
        using var now = AgentProcesses.Oldest(User);
        Assert.Equal(process.Id, now.Id);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_fork_goes_on_with_what_was_said_and_its_origin_knows_nothing_of_it()
    {
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        var origin = (await Api.GetAsync(Id, Cancellation)).Session;

        Id = (await Api.ForkAsync(origin.Id, new ForkRequest(), Cancellation)).Session.Id;
        Says(new Said("The fork."));
        await GoodTurnAsync("Only the fork knows.");
        var fork = (await Api.GetAsync(Id, Cancellation)).Session;
        var told = Model.Requests.Last(OffersTools).Body.GetRawText();
        Id = origin.Id;
        Says(new Said("The origin."));
        await GoodTurnAsync("What do you know?");

        Assert.Contains("Remember the pond.", told, StringComparison.Ordinal);
        Assert.Equal(ForksItself, !told.Contains("This conversation began elsewhere.", StringComparison.Ordinal));
        Assert.NotEqual(origin.AgentSession, fork.AgentSession);
        Assert.Equal(origin.AgentSession, (await Api.GetAsync(origin.Id, Cancellation)).Session.AgentSession);
        Assert.DoesNotContain("Only the fork knows.", Model.Requests.Last(OffersTools).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_rewound_session_goes_on_without_what_is_hidden_in_one_of_its_own()
    {
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        Says(new Said("I will too."));
        await GoodTurnAsync("Remember the fox.");
        var before = (await Api.GetAsync(Id, Cancellation)).Session.AgentSession;

        await Api.RewindAsync(Id, new RewindRequest(), Cancellation);
        Says(new Said("On."));
        var next = await GoodTurnAsync("Go on.");

        Assert.Contains("On.", TextsOf(next));
        Assert.Contains("Remember the pond.", LastToldModel, StringComparison.Ordinal);
        Assert.DoesNotContain("Remember the fox.", LastToldModel, StringComparison.Ordinal);
        Assert.NotEqual(before, (await Api.GetAsync(Id, Cancellation)).Session.AgentSession);
    }

    [Fact(Timeout = 180_000)]
    public async Task Where_it_lost_its_own_session_its_user_is_asked_and_a_new_one_is_told_the_conversation()
    {
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        var lost = (await Api.GetAsync(Id, Cancellation)).Session.AgentSession!;
        await User.GoodAsync("stop");
        await AgentProcesses.EndedAsync(User, Cancellation);
        Directory.Delete(Path.Combine(User.OwnFolder, Keeps), recursive: true);
        await StartServerAsync();

        var refused = await TurnAsync("Are you there?", PermissionAnswer.No);
        Says(new Said("As if nothing had been."));
        var handed = await GoodTurnAsync("And now?", PermissionAnswer.Once);

        Assert.Contains($"{Agent} no longer has its session {lost}", Assert.IsType<TurnFailed>(refused[^1].Body).Message, StringComparison.Ordinal);
        Assert.Contains($"{Agent} no longer has its session {lost}", Assert.Single(All<PermissionAsked>(handed)).Title, StringComparison.Ordinal);
        Assert.Contains("As if nothing had been.", TextsOf(handed));
        Assert.Contains("Remember the pond.", LastToldModel, StringComparison.Ordinal);
        Assert.NotEqual(lost, (await Api.GetAsync(Id, Cancellation)).Session.AgentSession);
    }

    /// <summary>Where it keeps its sessions, below its user's home.</summary>
    protected abstract string Keeps { get; }

    [Fact(Timeout = 180_000)]
    public async Task At_a_terminal_it_is_left_attached_to_from_a_second_one_and_gone_on_with_after_a_restart_of_the_server()
    {
        Says(Write(PathOf("pond.txt"), "geese\n"));
        Says(new Said("Written at the terminal."));
        await using (var first = await Pane.OpenAsync(User, $"skein --agent {Agent} --model {Models.First}", width: 110))
        {
            await first.SeeAsync("new session");
            await SayAsync(first, "Write pond.txt.");
            Assert.Contains("+geese", await first.SeeAsync("y once"), StringComparison.Ordinal);
            await first.PressAsync("y");
            await first.SeeAsync("Written at the terminal.");
            await first.PressAsync("C-d");
            await first.SeeAsync("go on with  skein --resume ");
        }

        await using var second = await Pane.OpenAsync(User, "skein attach last", width: 110);
        await second.SeeAsync("Written at the terminal.");
        await User.GoodAsync("stop");
        await using var third = await Pane.OpenAsync(User, "skein -c", width: 110);
        await third.SeeAsync("Written at the terminal.");
        Says(new Said("As if nothing had been."));
        await SayAsync(third, "Are you there?");
        if (!ResumesItself)
        {
            await third.SeeAsync("y once");
            await third.PressAsync("y");
        }

        await third.SeeAsync("As if nothing had been.");

        Assert.Equal("geese\n", await File.ReadAllTextAsync(PathOf("pond.txt"), Cancellation));
        Assert.Contains("Write pond.txt.", LastToldModel, StringComparison.Ordinal);

        static async Task SayAsync(Pane pane, string line)
        {
            await pane.TypeAsync(line);
            await pane.PressAsync("Enter");
        }
    }

    /// <summary>Whether it goes on with its own sessions after it was ended; else it is told the conversation.</summary>
    protected virtual bool ResumesItself => true;

    [Fact(Timeout = 180_000)]
    public async Task It_is_told_to_compact_by_its_own_means_or_it_is_said_why_it_cannot_be()
    {
        var early = await User.RunAsync("compact", Id.ToString());
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        var summary = Summarises();
        var compacted = await User.RunAsync("compact", Id.ToString());
        SaysNoMore();
        Says(new Said("On."));
        var next = await GoodTurnAsync("Go on.");

        Assert.Contains($"{Agent} has no session of its own here yet", early.Error, StringComparison.Ordinal);
        Assert.Contains("On.", TextsOf(next));
        if (summary is not null)
        {
            Assert.True(compacted.Code == 0, compacted.ToString());
            Assert.Contains($"{Agent} summarised what was said before", compacted.Out, StringComparison.Ordinal);
            Assert.Contains(summary, LastToldModel, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(1, compacted.Code);
            Assert.Contains($"{Agent} cannot be told to compact its context: none of the commands that it offers does that", compacted.Error, StringComparison.Ordinal);
            Assert.Contains("Remember the pond.", LastToldModel, StringComparison.Ordinal);
        }
    }

    /// <summary>Lets the model write the summary that the agent will ask for.</summary>
    /// <returns>What is in it; null: the agent cannot be told to compact.</returns>
    protected virtual string? Summarises() => Beside;

    [Fact(Timeout = 180_000)]
    [UnsupportedOSPlatform("windows")]
    public async Task A_newer_version_that_says_more_than_anybody_knows_is_listed_and_works()
    {
        Requires.Programs("node");
        User.Replace(Path.GetFileNameWithoutExtension(Program), $"exec node '{Path.Combine(AppContext.BaseDirectory, "Newer.js")}' '{Program}' \"$@\"\n");
        var listed = (await User.JsonAsync("agents")).GetProperty("agents").EnumerateArray().Single(a => a.GetProperty("name").GetString() == Agent);
        Says(Write(PathOf("pond.txt"), "geese\n"));
        Says(new Said("Written."));
        var written = await GoodTurnAsync("Write pond.txt.", PermissionAnswer.Once);
        await Api.ChangeAsync(Id, new SessionChange(Model: Models.Second), Cancellation);
        Says(new Said("Half a"), new Stalled(Never()));
        var speaking = await PromptAsync("Tell.");
        await DeltaAsync(speaking, "Half");
        await InterruptAsync();
        await ReleaseAsync();
        Says(new Said("Back."));
        var resumed = await GoodTurnAsync("Still there?", PermissionAnswer.Once);

        Assert.Equal(("99.0.0", true), (listed.GetProperty("version").GetString(), listed.GetProperty("usable").GetBoolean()));
        Assert.Equal("geese\n", await File.ReadAllTextAsync(PathOf("pond.txt"), Cancellation));
        Assert.Equal([false], ErrorsOf(written));
        Assert.Contains("Written.", TextsOf(written));
        Assert.Contains("Back.", TextsOf(resumed));
        Assert.Contains("Write pond.txt.", LastToldModel, StringComparison.Ordinal);
        Assert.Equal(WireName(Models.Second), Model.Requests.Last(OffersTools).Model);
        Assert.Contains(All<AgentReported>(written), r => r.Frame is { } frame && frame.GetRawText().Contains("newer", StringComparison.Ordinal));
    }

    /// <summary>Whether it forks its own sessions; else a fork is told the conversation.</summary>
    protected virtual bool ForksItself => true;

    [Fact(Timeout = 180_000)]
    public async Task What_its_provider_refuses_fails_the_turn_with_the_cause_and_the_next_prompt_works()
    {
        var failures = new List<(FailureKind Meant, FailureKind? Told, string Message)>();
        foreach (var (refusal, kind) in Refusals)
        {
            Refusal = refusal;
            var ended = (await TurnAsync("Well?"))[^1].Body;
            failures.Add((kind, (ended as TurnFailed)?.Kind, (ended as TurnFailed)?.Message ?? ended.ToString()));
        }

        Refusal = null;
        Says(new Said("Well."));
        await GoodTurnAsync("And now?");

        Assert.All(failures, f => Assert.True(f.Meant == f.Told, string.Join('\n', failures)));
    }

    /// <summary>What the agent's provider says to a wrong key, a spent quota, when it has too much to do, and to a prompt that is too long.</summary>
    private IEnumerable<(RefusedAnswer Answer, FailureKind Kind)> Refusals =>
    [
        (Refuse(401, "Incorrect API key provided."), FailureKind.Auth),
        (Refuse(429, "You exceeded your current quota."), FailureKind.Quota),
        (Refuse(Overloaded, "The model is overloaded."), FailureKind.Overload),
        (Refuse(400, TooLong), FailureKind.Overflow),
    ];

    private static async Task EndedAsync(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(Cancellation);
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }
}
