using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;

namespace Skein.Core.Events;

/// <summary>The one table of names: an event's name in the log, its record and its JSON shape. A name is never reused.</summary>
internal static class EventNames
{
    // Types, not their shapes: a shape costs most of a millisecond to make, and a command meets but a few of them.
    private static readonly (string Name, Type Body)[] s_all =
    [
        ("session.created", typeof(SessionCreated)),
        ("session.forked", typeof(SessionForked)),
        ("session.titled", typeof(SessionTitled)),
        ("session.configured", typeof(SessionConfigured)),
        ("session.moved", typeof(SessionMoved)),
        ("session.located", typeof(SessionLocated)),
        ("session.archived", typeof(SessionArchived)),
        ("session.unarchived", typeof(SessionUnarchived)),
        ("session.trashed", typeof(SessionTrashed)),
        ("session.restored", typeof(SessionRestored)),
        ("session.pinned", typeof(SessionPinned)),
        ("session.rewound", typeof(SessionRewound)),
        ("session.unrewound", typeof(SessionUnrewound)),
        ("session.repaired", typeof(SessionRepaired)),
        ("agent.linked", typeof(AgentLinked)),
        ("agent.reported", typeof(AgentReported)),
        ("agent.compacted", typeof(AgentCompacted)),
        ("subagent.reported", typeof(SubagentReported)),
        ("plan.updated", typeof(PlanUpdated)),
        ("prompt.queued", typeof(PromptQueued)),
        ("prompt.edited", typeof(PromptEdited)),
        ("prompt.withdrawn", typeof(PromptWithdrawn)),
        ("prompt.steered", typeof(PromptSteered)),
        ("turn.started", typeof(TurnStarted)),
        ("turn.completed", typeof(TurnCompleted)),
        ("turn.failed", typeof(TurnFailed)),
        ("turn.interrupted", typeof(TurnInterrupted)),
        ("model.retried", typeof(ModelRetried)),
        ("model.called", typeof(ModelCalled)),
        ("permission.asked", typeof(PermissionAsked)),
        ("permission.answered", typeof(PermissionAnswered)),
        ("message.added", typeof(MessageAdded)),
        ("message.edited", typeof(MessageEdited)),
        ("message.completed", typeof(MessageCompleted)),
        ("part.added", typeof(PartAdded)),
        ("part.dropped", typeof(PartDropped)),
        ("part.streamed", typeof(PartStreamed)),
        ("context.pruned", typeof(ContextPruned)),
        ("files.checkpointed", typeof(FilesCheckpointed)),
        ("files.checkpoint_delayed", typeof(FilesCheckpointDelayed)),
        ("files.checkpoint_failed", typeof(FilesCheckpointFailed)),
        ("files.restore_started", typeof(FilesRestoreStarted)),
        ("files.restored", typeof(FilesRestored)),
        ("fork.merged", typeof(ForkMerged)),
        ("tool.started", typeof(ToolStarted)),
        ("tool.finished", typeof(ToolFinished)),
    ];

    private static readonly FrozenDictionary<string, Type> s_bodies = s_all.ToFrozenDictionary(e => e.Name, e => e.Body);
    private static readonly FrozenDictionary<Type, string> s_names = s_all.ToFrozenDictionary(e => e.Body, e => e.Name);

    public static IEnumerable<string> All => s_all.Select(e => e.Name);

    public static string Of(EventBody body) => body switch
    {
        UnknownEvent unknown => unknown.Type,
        Gap => "gap",
        _ => s_names[body.GetType()],
    };

    public static JsonTypeInfo? ShapeOf(string name) =>
        s_bodies.TryGetValue(name, out var body) ? SkeinJson.Relaxed.Options.GetTypeInfo(body) : null;
}
