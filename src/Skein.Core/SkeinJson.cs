using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Spending;

namespace Skein.Core;

/// <summary>
/// The process's one JSON context: the log, the API and the catalog speak the same JSON. Use <see cref="Relaxed"/>, which writes
/// other scripts as themselves, so that people can read a log.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    // PostgreSQL's jsonb reorders keys, so "type" may not come first.
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(InstantConverter), typeof(SafeElementConverter)])]
[JsonSerializable(typeof(Part))]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(Session))]
[JsonSerializable(typeof(IReadOnlyList<Segment>))]
[JsonSerializable(typeof(Cause))]
[JsonSerializable(typeof(SessionCreated))]
[JsonSerializable(typeof(SessionForked))]
[JsonSerializable(typeof(SessionTitled))]
[JsonSerializable(typeof(SessionConfigured))]
[JsonSerializable(typeof(SessionMoved))]
[JsonSerializable(typeof(SessionLocated))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(SessionArchived))]
[JsonSerializable(typeof(SessionUnarchived))]
[JsonSerializable(typeof(SessionTrashed))]
[JsonSerializable(typeof(SessionRestored))]
[JsonSerializable(typeof(SessionPinned))]
[JsonSerializable(typeof(SessionRewound))]
[JsonSerializable(typeof(SessionUnrewound))]
[JsonSerializable(typeof(SessionRepaired))]
[JsonSerializable(typeof(AgentLinked))]
[JsonSerializable(typeof(AgentReported))]
[JsonSerializable(typeof(AgentCompacted))]
[JsonSerializable(typeof(SubagentReported))]
[JsonSerializable(typeof(PlanUpdated))]
[JsonSerializable(typeof(PromptQueued))]
[JsonSerializable(typeof(PromptEdited))]
[JsonSerializable(typeof(PromptWithdrawn))]
[JsonSerializable(typeof(PromptSteered))]
[JsonSerializable(typeof(TurnStarted))]
[JsonSerializable(typeof(TurnCompleted))]
[JsonSerializable(typeof(TurnFailed))]
[JsonSerializable(typeof(TurnInterrupted))]
[JsonSerializable(typeof(ModelRetried))]
[JsonSerializable(typeof(ModelCalled))]
[JsonSerializable(typeof(PermissionAsked))]
[JsonSerializable(typeof(PermissionAnswered))]
[JsonSerializable(typeof(MessageAdded))]
[JsonSerializable(typeof(MessageEdited))]
[JsonSerializable(typeof(MessageCompleted))]
[JsonSerializable(typeof(PartAdded))]
[JsonSerializable(typeof(PartDropped))]
[JsonSerializable(typeof(PartStreamed))]
[JsonSerializable(typeof(ContextPruned))]
[JsonSerializable(typeof(ToolStarted))]
[JsonSerializable(typeof(ToolFinished))]
[JsonSerializable(typeof(FilesCheckpointed))]
[JsonSerializable(typeof(FilesCheckpointDelayed))]
[JsonSerializable(typeof(FilesCheckpointFailed))]
[JsonSerializable(typeof(FilesRestoreStarted))]
[JsonSerializable(typeof(FilesRestored))]
[JsonSerializable(typeof(ForkMerged))]
[JsonSerializable(typeof(UnrewindRequest))]
[JsonSerializable(typeof(NewSession))]
[JsonSerializable(typeof(ImportRequest))]
[JsonSerializable(typeof(BlobRef))]
[JsonSerializable(typeof(SessionChange))]
[JsonSerializable(typeof(PromptRequest))]
[JsonSerializable(typeof(PromptAccepted))]
[JsonSerializable(typeof(InterruptOutcome))]
[JsonSerializable(typeof(Released))]
[JsonSerializable(typeof(CompactRequest))]
[JsonSerializable(typeof(PromptChange))]
[JsonSerializable(typeof(PermissionReply))]
[JsonSerializable(typeof(ForkRequest))]
[JsonSerializable(typeof(RewindRequest))]
[JsonSerializable(typeof(NewMessage))]
[JsonSerializable(typeof(MessageChange))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(MergeRequest))]
[JsonSerializable(typeof(UnmergeRequest))]
[JsonSerializable(typeof(MergeOutcome))]
[JsonSerializable(typeof(SessionDiff))]
[JsonSerializable(typeof(SessionPage))]
[JsonSerializable(typeof(MessagePage))]
[JsonSerializable(typeof(SessionRow))]
[JsonSerializable(typeof(SearchLine))]
[JsonSerializable(typeof(PartDelta))]
[JsonSerializable(typeof(GapFrame))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(ServerHealth))]
[JsonSerializable(typeof(Collected))]
[JsonSerializable(typeof(SpendingReport))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class SkeinJson : JsonSerializerContext
{
    /// <summary>For people's eyes and for the log: nothing is escaped that JSON does not ask for. Never to be put into HTML.</summary>
    public static SkeinJson Relaxed =>
        field ??= new SkeinJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>An instant is ISO 8601 in UTC, to the millisecond: <c>2026-11-21T08:46:22.123Z</c>.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        // The standard form is written several times as fast as one of a pattern; what it has behind the milliseconds is cut off.
        Span<byte> text = stackalloc byte[28];
        value.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        text[23] = (byte)'Z';
        writer.WriteStringValue(text[..24]);
    }
}

/// <summary>JSON that others wrote is made safe as it comes in: an unpaired surrogate in it could not be written again.</summary>
internal sealed class SafeElementConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SafeJson.Clean(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);
}
