using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>
/// What a user can do with an agent that is driven, shown with its real program, as npm has it, and a model on loopback. Each agent has
/// to show all of it.
/// </summary>
/// <param name="agent">As <c>--agent</c> takes it.</param>
/// <param name="program">The agent's file.</param>
public abstract class RealAgentTests(string agent, string program) : IAsyncLifetime
{
    /// <summary>What the model answers to a call that offers no tools: a title, or a summary.</summary>
    protected const string Beside = "Seven geese";

    // After an interrupt.
    private static readonly TimeSpan s_commandEndsWithin = TimeSpan.FromSeconds(20);

    private readonly User _user = new();
    private readonly ConcurrentQueue<ModelAnswer> _script = new();
    private ModelServer? _model;
    private SkeinClient? _api;
    private SessionId _session;
    private volatile RefusedAnswer? _refusal;

    /// <summary>What a call that stands beside the conversation is answered; null: it belongs to it.</summary>
    protected virtual ModelAnswer? AnswerBeside(ModelRequest request) => null;

    /// <summary>Two models that the agent has.</summary>
    protected abstract (string First, string Second) Models { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SkeinClient Api => _api ?? throw new InvalidOperationException("No server was started.");

    private ModelServer Model => _model ?? throw new InvalidOperationException("No model was started.");

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(Cancellation);

        // A call without tools is for a title, a summary or the like, whenever it comes.
        _model.Otherwise = request => _refusal ?? AnswerBeside(request) ?? (!OffersTools(request) ? new StreamedAnswer(new Said(Beside)) : _script.TryDequeue(out var answer) ? answer : Refuse(400, "Nothing more is in the script."));
        _user.Install(Path.GetFileNameWithoutExtension(program), program);
        SetUp(_user, _model);
        await StartServerAsync();
        _session = (await Api.CreateAsync(new NewSession(_user.Project, agent, Models.First), Cancellation)).Session.Id;
    }

    public async ValueTask DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        await _user.DisposeAsync();
        await AgentProcesses.EndedAsync(_user, Cancellation);
        if (_model is not null)
            await _model.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_call_that_changes_a_file_is_asked_about_and_done_only_if_it_is_allowed()
    {
        Says(Write(PathOf("pond.txt"), "geese\n"));
        Says(new Said("Written."));
        var allowed = await TurnAsync("Write pond.txt.", PermissionAnswer.Once);
        Says(Write(PathOf("fox.txt"), "fox\n"));
        Says(new Said("Not written."));
        var refused = await TurnAsync("Write fox.txt.", PermissionAnswer.No);

        Assert.Equal("geese\n", await File.ReadAllTextAsync(PathOf("pond.txt"), Cancellation));
        Assert.False(File.Exists(PathOf("fox.txt")));
        Assert.IsType<TurnCompleted>(allowed[^1].Body);
        Assert.Contains("geese", Assert.Single(allowed.Select(e => e.Body).OfType<PermissionAsked>()).Detail, StringComparison.Ordinal);
        Assert.Equal([false], ErrorsOf(allowed));
        Assert.Equal([true], ErrorsOf(refused));
        Assert.Contains("Written.", TextsOf(allowed));
        Assert.NotNull((await Api.GetAsync(_session, Cancellation)).Session.AgentSession);
    }

    [Fact(Timeout = 180_000)]
    public async Task An_interrupt_ends_what_it_says_and_the_command_it_runs_and_it_goes_on_in_the_same_process()
    {
        Says(new Said("One goose"), new Stalled(Never()));
        var speaking = await PromptAsync("Count.");
        await DeltaAsync(speaking, "goose");
        using var process = AgentProcesses.Oldest(_user);
        await InterruptAsync();
        var said = await UntilEndAsync(speaking);

        Says(Run("echo $$ > begun.new && mv begun.new begun && tail -f /dev/null"));
        using var begun = new Appearance(_user.Project, "begun");
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
        using var now = AgentProcesses.Oldest(_user);
        Assert.Equal(process.Id, now.Id);
        await EndedAsync(command).WaitAsync(s_commandEndsWithin, Cancellation);
    }

    [Fact(Timeout = 180_000)]
    public async Task After_kill_9_of_skein_and_of_the_agent_it_goes_on_with_what_was_said_and_its_model()
    {
        await Api.ChangeAsync(_session, new SessionChange(Model: Models.Second), Cancellation);
        Says(new Said("I will."));
        await TurnAsync("Remember the pond.");

        Says(new Said("Half a sentence"), new Stalled(Never()));
        await DeltaAsync(await PromptAsync("Tell."), "sentence");
        using (var server = Process.GetProcessById(await _user.ServerPidAsync()))
        {
            server.Kill();
            await server.WaitForExitAsync(Cancellation);
        }

        await AgentProcesses.EndedAsync(_user, Cancellation);
        await StartServerAsync();
        Says(new Said("Back."));
        var resumed = await TurnAsync("After Skein's end.", PermissionAnswer.Once);
        var first = Model.Requests[^1];

        Says(new Said("Another half"), new Stalled(Never()));
        var halved = await PromptAsync("Tell again.");
        await DeltaAsync(halved, "half");
        using (var process = AgentProcesses.Oldest(_user))
            process.Kill();
        var failed = await UntilEndAsync(halved);
        Says(new Said("Back again."));
        var again = await TurnAsync("After the agent's end.", PermissionAnswer.Once);
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
    public async Task The_model_is_changed_while_it_lives()
    {
        Says(new Said("First."));
        await GoodTurnAsync("Who?");
        using var process = AgentProcesses.Oldest(_user);
        await Api.ChangeAsync(_session, new SessionChange(Model: Models.Second), Cancellation);
        Says(new Said("Second."));
        await GoodTurnAsync("And now?");

        Assert.Equal([WireName(Models.First), WireName(Models.Second)], Model.Requests.Where(OffersTools).Select(r => r.Model));
        using var now = AgentProcesses.Oldest(_user);
        Assert.Equal(process.Id, now.Id);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_fork_goes_on_with_what_was_said_and_its_origin_knows_nothing_of_it()
    {
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        var origin = (await Api.GetAsync(_session, Cancellation)).Session;

        _session = (await Api.ForkAsync(origin.Id, new ForkRequest(), Cancellation)).Session.Id;
        Says(new Said("The fork."));
        await GoodTurnAsync("Only the fork knows.");
        var fork = (await Api.GetAsync(_session, Cancellation)).Session;
        var told = Model.Requests.Last(OffersTools).Body.GetRawText();
        _session = origin.Id;
        Says(new Said("The origin."));
        await GoodTurnAsync("What do you know?");

        Assert.Contains("Remember the pond.", told, StringComparison.Ordinal);
        Assert.Equal(ForksItself, !told.Contains("This conversation began elsewhere.", StringComparison.Ordinal));
        Assert.NotEqual(origin.AgentSession, fork.AgentSession);
        Assert.Equal(origin.AgentSession, (await Api.GetAsync(origin.Id, Cancellation)).Session.AgentSession);
        Assert.DoesNotContain("Only the fork knows.", Model.Requests.Last(OffersTools).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task It_is_told_to_compact_by_its_own_means_or_it_is_said_why_it_cannot_be()
    {
        var early = await User.RunAsync("compact", _session.ToString());
        Says(new Said("I will."));
        await GoodTurnAsync("Remember the pond.");
        var summary = Summarises();
        var compacted = await User.RunAsync("compact", _session.ToString());
        _script.Clear();
        Says(new Said("On."));
        var next = await GoodTurnAsync("Go on.");

        Assert.Contains($"{agent} has no session of its own here yet", early.Error, StringComparison.Ordinal);
        Assert.Contains("On.", TextsOf(next));
        if (summary is not null)
        {
            Assert.True(compacted.Code == 0, compacted.ToString());
            Assert.Contains($"{agent} summarised what was said before", compacted.Out, StringComparison.Ordinal);
            Assert.Contains(summary, LastToldModel, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(1, compacted.Code);
            Assert.Contains($"{agent} cannot be told to compact its context: none of the commands that it offers does that", compacted.Error, StringComparison.Ordinal);
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
        User.Replace(Path.GetFileNameWithoutExtension(program), $"exec node '{Path.Combine(AppContext.BaseDirectory, "Newer.js")}' '{program}' \"$@\"\n");
        var listed = (await User.JsonAsync("agents")).GetProperty("agents").EnumerateArray().Single(a => a.GetProperty("name").GetString() == agent);
        Says(Write(PathOf("pond.txt"), "geese\n"));
        Says(new Said("Written."));
        var written = await GoodTurnAsync("Write pond.txt.", PermissionAnswer.Once);
        await Api.ChangeAsync(_session, new SessionChange(Model: Models.Second), Cancellation);
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
            _refusal = refusal;
            var ended = (await TurnAsync("Well?"))[^1].Body;
            failures.Add((kind, (ended as TurnFailed)?.Kind, (ended as TurnFailed)?.Message ?? ended.ToString()));
        }

        _refusal = null;
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

    /// <summary>The provider's status for having too much to do.</summary>
    protected virtual int Overloaded => 503;

    /// <summary>The provider's words for a prompt that is too long.</summary>
    protected abstract string TooLong { get; }

    /// <summary>Gives the agent what it needs to speak with nobody but the model.</summary>
    protected abstract void SetUp(User user, ModelServer model);

    /// <summary>A call of the agent's own tool that writes a file.</summary>
    protected abstract Called Write(string path, string content);

    /// <summary>A call of the agent's own tool that runs a command.</summary>
    protected abstract Called Run(string command);

    /// <summary>How the agent's provider refuses.</summary>
    protected abstract RefusedAnswer Refuse(int status, string message);

    /// <summary>A model's name, as the provider is told.</summary>
    protected virtual string WireName(string model) => model;

    /// <summary>A call of a tool, with an id that is not used twice.</summary>
    protected static Called Call(string tool, object arguments) => new($"call_{Guid.NewGuid():N}", tool, JsonSerializer.Serialize(arguments));

    private static bool OffersTools(ModelRequest request) =>
        request.Body.TryGetProperty("tools", out var tools) && tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() > 0;

    protected static IEnumerable<T> All<T>(IEnumerable<SessionEvent> events) where T : EventBody => events.Select(e => e.Body).OfType<T>();

    /// <summary>The last plan that there was.</summary>
    protected static IReadOnlyList<PlanStep> PlanOf(IReadOnlyList<SessionEvent> events)
    {
        var plan = All<PlanUpdated>(events).LastOrDefault();
        Assert.True(plan is not null, Describe(events));
        return plan.Steps;
    }

    private static string Describe(IEnumerable<SessionEvent> events) => string.Join('\n', events.Select(e => e.Body));

    private static List<bool> ErrorsOf(IEnumerable<SessionEvent> events) =>
        [.. events.Select(e => e.Body).OfType<PartAdded>().Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.IsError)];

    protected static List<string> TextsOf(IEnumerable<SessionEvent> events) =>
        [.. events.Select(e => e.Body).OfType<PartAdded>().Select(p => p.Content).OfType<TextPart>().Select(t => t.Text)];

    private static Task Never() => new TaskCompletionSource().Task;

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

    private async Task StartServerAsync()
    {
        // Any command starts a server where none is.
        await _user.GoodAsync("ls");
        if (_api is not null)
            await _api.DisposeAsync();
        _api = SkeinClient.ForSocket((await _user.JsonAsync("status")).GetProperty("socket").GetString()!);
    }

    /// <summary>The model's next answer to a call that offers tools.</summary>
    protected void Says(params AnswerPart[] parts) => Says(new StreamedAnswer(parts));

    protected void Says(StreamedAnswer answer) => _script.Enqueue(answer);

    /// <summary>What the model was last sent in a call that offers tools.</summary>
    protected string LastToldModel => Model.Requests.Last(OffersTools).Body.GetRawText();

    /// <summary>Whose agent it is.</summary>
    protected User User => _user;

    protected async Task<long> PromptAsync(string text) => (await Api.PromptAsync(_session, new PromptRequest(text), Cancellation)).Seq;

    /// <summary>Prompts, and answers every question in the same way.</summary>
    /// <returns>What happened, to the end of the turn.</returns>
    protected async Task<List<SessionEvent>> TurnAsync(string prompt, PermissionAnswer? answer = null) => await UntilEndAsync(await PromptAsync(prompt), answer);

    protected async Task<List<SessionEvent>> GoodTurnAsync(string prompt, PermissionAnswer? answer = null)
    {
        var events = await TurnAsync(prompt, answer);
        Assert.True(events[^1].Body is TurnCompleted, Describe(events));
        return events;
    }

    protected async Task<List<SessionEvent>> UntilEndAsync(long after, PermissionAnswer? answer = null)
    {
        var events = new List<SessionEvent>();
        await foreach (var frame in Api.FollowAsync(_session, after, Cancellation))
        {
            if (frame is not EventFrame { Event: var happened })
                continue;
            events.Add(happened);
            if (happened.Body is TurnCompleted or TurnFailed or TurnInterrupted)
                break;
            if (happened.Body is PermissionAsked question && answer is { } given)
                await Api.AnswerAsync(_session, question.Permission, new PermissionReply(given), Cancellation);
        }

        return events;
    }

    /// <summary>Waits until a text is whole.</summary>
    protected async Task SaidAsync(long after, string text)
    {
        await foreach (var frame in Api.FollowAsync(_session, after, Cancellation))
        {
            if (frame is EventFrame { Event.Body: PartAdded { Content: TextPart said } } && said.Text == text)
                return;
        }
    }

    private async Task AnswerAsync(long after, PermissionAnswer answer)
    {
        await foreach (var frame in Api.FollowAsync(_session, after, Cancellation))
        {
            if (frame is EventFrame { Event.Body: PermissionAsked question })
            {
                await Api.AnswerAsync(_session, question.Permission, new PermissionReply(answer), Cancellation);
                return;
            }
        }
    }

    /// <summary>Waits until some text has begun to arrive.</summary>
    private async Task DeltaAsync(long after, string text)
    {
        var arrived = "";
        await foreach (var frame in Api.FollowAsync(_session, after, Cancellation))
        {
            if (frame is DeltaFrame { Delta: var delta })
                arrived = arrived[..Math.Min(arrived.Length, delta.Offset)] + delta.Text;
            if (arrived.Contains(text, StringComparison.Ordinal))
                return;
            if (frame is EventFrame { Event.Body: TurnFailed failed })
                Assert.Fail(failed.Message);
        }
    }

    /// <summary>Ends the agent's process; the next prompt starts it again.</summary>
    protected Task ReleaseAsync() => Api.ReleaseAsync(_session, Cancellation);

    /// <summary>Kills the agent's process.</summary>
    protected async Task KillAgentAsync()
    {
        using var process = AgentProcesses.Oldest(_user);
        process.Kill();
        await process.WaitForExitAsync(Cancellation);
    }

    private string PathOf(string file) => Path.Combine(_user.Project, file);

    private async Task InterruptAsync() => Assert.True((await Api.InterruptAsync(_session, Cancellation)).Interrupted);
}
