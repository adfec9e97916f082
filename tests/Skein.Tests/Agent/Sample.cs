using System.Text.Json;
using Skein.Agent;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Agent;

/// <summary>Sessions and messages to begin with.</summary>
internal static class Sample
{
    public static readonly IdSource Ids = new(TimeProvider.System);

    /// <summary>As patient as the real one, without the waiting.</summary>
    public static readonly RetryPlan AtOnce = new([.. Enumerable.Repeat(TimeSpan.Zero, 5)], 0, TimeSpan.FromMinutes(5));

    public static readonly ToolGate Open = new(
        (_, _, _, _) => ValueTask.FromResult(ToolVerdict.Allowed),
        (_, _, _, _) => ValueTask.CompletedTask);

    public static Session Session(string? model, string workspace = "/nowhere", PermissionMode mode = PermissionMode.Auto) => new(
        Ids.Next<SessionId>(), 1, SessionStatus.Running, "", TitleSource.Prompt, workspace, SkeinAgent.Name, model, mode, null,
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, new Usage(), 0);

    public static Message User(params Part[] parts) => Said(Role.User, null, parts);

    public static Message User(string text) => User(new TextPart(text));

    public static Message Assistant(string? model, params Part[] parts) => Said(Role.Assistant, model, parts);

    public static JsonElement Json(string json) => JsonElement.Parse(json);

    private static Message Said(Role role, string? model, Part[] parts) => new(
        Ids.Next<MessageId>(), 1, role, MessageStatus.Completed, [.. parts.Select(p => new MessagePart(Ids.Next<PartId>(), p))],
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, Model: model);
}
