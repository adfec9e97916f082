using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;

namespace Skein.Core.Events;

/// <summary>The one table of names: an event's name in the log, its record and its JSON shape. A name is never reused.</summary>
internal static class EventNames
{
    private static readonly (string Name, JsonTypeInfo Shape)[] s_all =
    [
        ("session.created", SkeinJson.Default.SessionCreated),
        ("session.forked", SkeinJson.Default.SessionForked),
        ("session.titled", SkeinJson.Default.SessionTitled),
        ("session.configured", SkeinJson.Default.SessionConfigured),
        ("session.moved", SkeinJson.Default.SessionMoved),
        ("session.located", SkeinJson.Default.SessionLocated),
        ("session.archived", SkeinJson.Default.SessionArchived),
        ("session.unarchived", SkeinJson.Default.SessionUnarchived),
        ("session.trashed", SkeinJson.Default.SessionTrashed),
        ("session.restored", SkeinJson.Default.SessionRestored),
        ("session.pinned", SkeinJson.Default.SessionPinned),
        ("session.rewound", SkeinJson.Default.SessionRewound),
        ("session.unrewound", SkeinJson.Default.SessionUnrewound),
        ("session.repaired", SkeinJson.Default.SessionRepaired),
        ("agent.linked", SkeinJson.Default.AgentLinked),
        ("agent.reported", SkeinJson.Default.AgentReported),
        ("agent.compacted", SkeinJson.Default.AgentCompacted),
        ("subagent.reported", SkeinJson.Default.SubagentReported),
        ("plan.updated", SkeinJson.Default.PlanUpdated),
        ("prompt.queued", SkeinJson.Default.PromptQueued),
        ("prompt.edited", SkeinJson.Default.PromptEdited),
        ("prompt.withdrawn", SkeinJson.Default.PromptWithdrawn),
        ("prompt.steered", SkeinJson.Default.PromptSteered),
        ("turn.started", SkeinJson.Default.TurnStarted),
        ("turn.completed", SkeinJson.Default.TurnCompleted),
        ("turn.failed", SkeinJson.Default.TurnFailed),
        ("turn.interrupted", SkeinJson.Default.TurnInterrupted),
        ("model.retried", SkeinJson.Default.ModelRetried),
        ("model.called", SkeinJson.Default.ModelCalled),
        ("permission.asked", SkeinJson.Default.PermissionAsked),
        ("permission.answered", SkeinJson.Default.PermissionAnswered),
        ("message.added", SkeinJson.Default.MessageAdded),
        ("message.edited", SkeinJson.Default.MessageEdited),
        ("message.completed", SkeinJson.Default.MessageCompleted),
        ("part.added", SkeinJson.Default.PartAdded),
        ("part.dropped", SkeinJson.Default.PartDropped),
        ("part.streamed", SkeinJson.Default.PartStreamed),
        ("context.pruned", SkeinJson.Default.ContextPruned),
        ("files.checkpointed", SkeinJson.Default.FilesCheckpointed),
        ("files.checkpoint_delayed", SkeinJson.Default.FilesCheckpointDelayed),
        ("files.checkpoint_failed", SkeinJson.Default.FilesCheckpointFailed),
        ("files.restore_started", SkeinJson.Default.FilesRestoreStarted),
        ("files.restored", SkeinJson.Default.FilesRestored),
        ("fork.merged", SkeinJson.Default.ForkMerged),
        ("tool.started", SkeinJson.Default.ToolStarted),
        ("tool.finished", SkeinJson.Default.ToolFinished),
    ];

    private static readonly FrozenDictionary<string, JsonTypeInfo> s_shapes = s_all.ToFrozenDictionary(e => e.Name, e => e.Shape);
    private static readonly FrozenDictionary<Type, string> s_names = s_all.ToFrozenDictionary(e => e.Shape.Type, e => e.Name);

    public static IEnumerable<string> All => s_all.Select(e => e.Name);

    public static string Of(EventBody body) => body switch
    {
        UnknownEvent unknown => unknown.Type,
        Gap => "gap",
        _ => s_names[body.GetType()],
    };

    public static JsonTypeInfo? ShapeOf(string name) => s_shapes.GetValueOrDefault(name);
}
