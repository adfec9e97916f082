using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Core.Agents;

/// <summary>
/// An agent at work in one session: Skein's own, or one that is driven. Whatever it is, it yields the same outputs for a turn, and the
/// runner appends them. One turn at a time; disposing it ends whatever process it has.
/// </summary>
public interface IAgent : IAsyncDisposable
{
    /// <summary>Whether it looks at <see cref="ITurn.TakeSteeredAsync"/> while a turn runs.</summary>
    bool CanSteer { get; }

    /// <summary>
    /// Whether it acts only when what it yielded is durable. One that does not tells of a call when that has begun, so that files are
    /// snapshotted from the turn's beginning on: <see cref="ITurn.ReadyForChangesAsync"/>.
    /// </summary>
    bool TellsFirst => true;

    /// <summary>Whether it can be handed a turn that only compacts the context (<see cref="ITurn.Compaction"/>).</summary>
    bool CanCompact => false;

    /// <summary>Something of it goes on between turns: it is not put down for being unused.</summary>
    bool IsBusy => false;

    /// <summary>What its calls began has gone on after them in this turn, or still does: it may change files unseen.</summary>
    bool RanBeside => IsBusy;

    /// <summary>
    /// Works on a turn. What it yields is durable when it is asked for the next output, so an agent yields <see cref="ToolStarted"/>
    /// before it acts. The turn is completed when the stream ends; a failure is the last output (<see cref="TurnFailure"/>), never thrown.
    /// </summary>
    /// <param name="turn">
    /// What to work on. A turn that goes on after a restart has an assistant message with unanswered calls last in
    /// <see cref="ITurn.Messages"/>.
    /// </param>
    /// <param name="cancellationToken">The turn is interrupted: tools are killed, and the stream ends within a second with an <see cref="OperationCanceledException"/>.</param>
    IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, CancellationToken cancellationToken);
}

/// <summary>What an agent is handed for a turn. Safe for use by several threads.</summary>
public interface ITurn
{
    TurnId Id { get; }

    /// <summary>The session as it was when the turn began: workspace, model, mode, linked id.</summary>
    Session Session { get; }

    /// <summary>
    /// The visible messages, the prompt last, as they were when the turn began. Those that a summary covers are left out, but for the ones it
    /// keeps; where nothing was summarised, the newest of some 4,000,000 characters are there.
    /// </summary>
    IReadOnlyList<Message> Messages { get; }

    /// <summary>Those of <see cref="Messages"/> that came between turns since the agent last said something: by hand, or by a merge. One that keeps a conversation itself has not heard of them.</summary>
    IReadOnlyList<Message> Aside => [];

    /// <summary>The turn has no prompt: the agent is only to compact the context; null: it works on the prompt.</summary>
    TurnCompaction? Compaction => null;

    /// <summary>More instructions for the system prompt, for this turn.</summary>
    string? System { get; }

    /// <summary>The only tools the turn may use; null: all.</summary>
    IReadOnlyList<string>? Tools { get; }

    /// <summary>What its prompt says must end it; over what the agent's settings say.</summary>
    TurnLimits Limits { get; }

    /// <summary>Where it is counted what the turn spends of what the turn may that it works for; null: it works for none.</summary>
    CostMeter? Above => null;

    /// <summary>What it had spent when it was handed out: more than nothing where it goes on after a restart.</summary>
    ValueTask<TurnSpent> FindSpentAsync(CancellationToken cancellationToken);

    /// <summary>How much its model is to think; over what the agent's settings say. Null: they, or else the model, decide.</summary>
    Effort? Effort { get; }

    IdSource Ids { get; }

    /// <summary>
    /// Of a fork's first turn: where a driven agent can begin with a fork of its own, since it knows all that was said before the prompt, and
    /// no more. Null: nowhere.
    /// </summary>
    ValueTask<AgentOrigin?> FindAgentOriginAsync(CancellationToken cancellationToken) => new((AgentOrigin?)null);

    /// <summary>
    /// What the runner takes secrets out with, before it appends what the agent yields. An agent that shows a model what its tools print
    /// uses the same, so that the model sees what the log holds.
    /// </summary>
    Redactor Redactor { get; }

    /// <summary>What is said about something a driven agent asks for before its mode decides, or anybody is asked; null: nothing ever is.</summary>
    CallJudge? Judge => null;

    /// <summary>
    /// Completes when what the files were before the turn is kept: an agent that tells of a call when that has begun waits for it before it
    /// lets one go on that may change files.
    /// </summary>
    Task ReadyForChangesAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks whoever is attached and waits for the answer, also across restarts: a call that was answered before is not asked again.</summary>
    Task<PermissionAnswered> AskAsync(PermissionAsked question, CancellationToken cancellationToken);

    /// <summary>
    /// Has work done by another agent, in a session whose parent is this one; returns when it has ended. It is interrupted with the turn, may
    /// do no more unasked than this session may, and what it asks is asked here too.
    /// </summary>
    /// <exception cref="SkeinException">It cannot be begun: there is no such agent, there are too many, or they are too deep.</exception>
    Task<SubAgentResult> RunSubAgentAsync(SubAgentRequest request, CancellationToken cancellationToken) =>
        throw new ConflictException("There are no sub-agents here.");

    /// <summary>Completes when something was said to the agent since its last look; each look begins another.</summary>
    Task Steered { get; }

    /// <summary>
    /// What was said to the agent since the last look, oldest first; the agent hands it to the model at its next step. The runner has
    /// appended it as messages of the user.
    /// </summary>
    ValueTask<IReadOnlyList<Message>> TakeSteeredAsync(CancellationToken cancellationToken);

    /// <summary>Stores content that is too big for an event; secrets in text are taken out first, and <see cref="BlobRef.Redacted"/> counts them.</summary>
    ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken);

    /// <summary>The content of a blob; null when there is none.</summary>
    ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken);
}

/// <summary>What an agent yields.</summary>
public abstract record AgentOutput
{
    private protected AgentOutput() { }

    public static implicit operator AgentOutput(EventBody body) => FromEventBody(body);

    public static AgentOutput FromEventBody(EventBody body) => new AgentEvents([body]);
}

/// <summary>Events to append as one atomic step. Turn, prompt, permission and session events are the runner's own, an agent does not yield them, but for <see cref="AgentLinked"/> and <see cref="ModelRetried"/>.</summary>
public sealed record AgentEvents(IReadOnlyList<EventBody> Bodies) : AgentOutput;

/// <summary>
/// More of a part that is still arriving. Followers see it at once; it becomes durable with the part's <see cref="PartAdded"/>, and by a
/// checkpoint about once a second for text and reasoning.
/// </summary>
/// <param name="CallId">For the arguments of a tool call, its call…</param>
/// <param name="Tool">… and the tool.</param>
public sealed record AgentDelta(MessageId Message, PartId Part, StreamKind Kind, string Text, string? CallId = null, string? Tool = null) : AgentOutput;

/// <summary>The turn failed; the last output of its stream.</summary>
/// <param name="Provider">Who failed; null: the agent itself.</param>
/// <param name="Message">One line for people, without secrets.</param>
public sealed record TurnFailure(FailureKind Kind, string? Provider, string Message) : AgentOutput;
