using System.Collections.Concurrent;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>Somebody with a session of an agent that is driven, its real program, as npm has it, and a model on loopback.</summary>
/// <param name="agent">As <c>--agent</c> takes it.</param>
/// <param name="program">The agent's file.</param>
public abstract class RealAgentSession(string agent, string program) : IAsyncLifetime
{
    /// <summary>What the model answers to a call that offers no tools: a title, or a summary.</summary>
    protected const string Beside = "Seven geese";

    private readonly User _user = new();
    private readonly ConcurrentQueue<ModelAnswer> _script = new();
    private ModelServer? _model;
    private SkeinClient? _api;
    private volatile RefusedAnswer? _refusal;

    /// <summary>What a call that stands beside the conversation is answered; null: it belongs to it.</summary>
    protected virtual ModelAnswer? AnswerBeside(ModelRequest request) => null;

    /// <summary>Two models that the agent has.</summary>
    protected abstract (string First, string Second) Models { get; }

    /// <summary>As <c>--agent</c> takes it.</summary>
    protected string Agent => agent;

    /// <summary>The agent's file.</summary>
    protected string Program => program;

    /// <summary>The session.</summary>
    protected SessionId Id { get; set; }

    /// <summary>What the provider answers to everything; null: what is in the script.</summary>
    protected RefusedAnswer? Refusal
    {
        get => _refusal;
        set => _refusal = value;
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected SkeinClient Api => _api ?? throw new InvalidOperationException("No server was started.");

    protected ModelServer Model => _model ?? throw new InvalidOperationException("No model was started.");

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(Cancellation);

        // A call without tools is for a title, a summary or the like, whenever it comes.
        _model.Otherwise = request => _refusal ?? AnswerBeside(request) ?? (!OffersTools(request) ? new StreamedAnswer(new Said(Beside)) : _script.TryDequeue(out var answer) ? answer : Refuse(400, "Nothing more is in the script."));
        _user.Install(Path.GetFileNameWithoutExtension(program), program);
        SetUp(_user, _model);
        await StartServerAsync();
        Id = (await Api.CreateAsync(new NewSession(_user.Project, agent, Models.First), Cancellation)).Session.Id;
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

    protected static bool OffersTools(ModelRequest request) =>
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

    protected static List<bool> ErrorsOf(IEnumerable<SessionEvent> events) =>
        [.. events.Select(e => e.Body).OfType<PartAdded>().Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.IsError)];

    protected static List<string> TextsOf(IEnumerable<SessionEvent> events) =>
        [.. events.Select(e => e.Body).OfType<PartAdded>().Select(p => p.Content).OfType<TextPart>().Select(t => t.Text)];

    protected static Task Never() => new TaskCompletionSource().Task;

    protected async Task StartServerAsync()
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

    /// <summary>What the script still has is not said.</summary>
    protected void SaysNoMore() => _script.Clear();

    /// <summary>What the model was last sent in a call that offers tools.</summary>
    protected string LastToldModel => Model.Requests.Last(OffersTools).Body.GetRawText();

    /// <summary>Whose agent it is.</summary>
    protected User User => _user;

    protected async Task<long> PromptAsync(string text) => (await Api.PromptAsync(Id, new PromptRequest(text), Cancellation)).Seq;

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
        await foreach (var frame in Api.FollowAsync(Id, after, Cancellation))
        {
            if (frame is not EventFrame { Event: var happened })
                continue;
            events.Add(happened);
            if (happened.Body is TurnCompleted or TurnFailed or TurnInterrupted)
                break;
            if (happened.Body is PermissionAsked question && answer is { } given)
                await Api.AnswerAsync(Id, question.Permission, new PermissionReply(given), Cancellation);
        }

        return events;
    }

    /// <summary>Waits until a text is whole.</summary>
    protected async Task SaidAsync(long after, string text)
    {
        await foreach (var frame in Api.FollowAsync(Id, after, Cancellation))
        {
            if (frame is EventFrame { Event.Body: PartAdded { Content: TextPart said } } && said.Text == text)
                return;
        }
    }

    protected async Task AnswerAsync(long after, PermissionAnswer answer)
    {
        await foreach (var frame in Api.FollowAsync(Id, after, Cancellation))
        {
            if (frame is EventFrame { Event.Body: PermissionAsked question })
            {
                await Api.AnswerAsync(Id, question.Permission, new PermissionReply(answer), Cancellation);
                return;
            }
        }
    }

    /// <summary>Waits until some text has begun to arrive.</summary>
    protected async Task DeltaAsync(long after, string text)
    {
        var arrived = "";
        await foreach (var frame in Api.FollowAsync(Id, after, Cancellation))
        {
            // Who comes late is told by the log what had arrived.
            (int Offset, string Text)? piece = frame switch
            {
                DeltaFrame { Delta: var delta } => (delta.Offset, delta.Text),
                EventFrame { Event.Body: PartStreamed streamed } => (streamed.Offset, streamed.Text),
                _ => null,
            };
            if (piece is var (offset, more))
                arrived = arrived[..Math.Min(arrived.Length, offset)] + more;
            if (arrived.Contains(text, StringComparison.Ordinal))
                return;
            if (frame is EventFrame { Event.Body: TurnCompleted or TurnFailed or TurnInterrupted } over)
                Assert.Fail($"The turn was over before '{text}': {over.Event.Body}");
        }
    }

    /// <summary>Ends the agent's process; the next prompt starts it again.</summary>
    protected Task ReleaseAsync() => Api.ReleaseAsync(Id, Cancellation);

    /// <summary>Kills the agent's process.</summary>
    protected async Task KillAgentAsync()
    {
        using var process = AgentProcesses.Oldest(_user);
        process.Kill();
        await process.WaitForExitAsync(Cancellation);
    }

    protected string PathOf(string file) => Path.Combine(_user.Project, file);

    protected async Task InterruptAsync() => Assert.True((await Api.InterruptAsync(Id, Cancellation)).Interrupted);
}
