using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// What of a session's row lists sort and filter by, and what tells which logs refer to each other: held in memory for every session,
/// where the row itself stays in the catalog. Texts that are only compared are held as their <see cref="Fingerprint"/>.
/// </summary>
internal sealed record SessionKeys
{
    private const int MostTitle = 256;

    private readonly long _updated;

    public required SessionId Id { get; init; }
    public required DateTimeOffset UpdatedAt { get => new(_updated, TimeSpan.Zero); init => _updated = value.UtcTicks; }
    public required SessionStatus Status { get; init; }
    public required string Workspace { get; init; }
    public required string Agent { get; init; }
    public required bool Archived { get; init; }
    public required bool IsTrashed { get; init; }
    public required bool IsLive { get; init; }
    public required Project? Project { get; init; }
    public required IReadOnlyList<Segment> Segments { get; init; }
    public required ulong TitleStart { get; init; }
    public required long Parent { get; init; }
    public required long AgentSession { get; init; }
    public required long ImportedAs { get; init; }
    public required long Key { get; init; }

    public static SessionKeys Of(Session row) => new()
    {
        Id = row.Id,
        UpdatedAt = row.UpdatedAt,
        Status = row.Status,
        Workspace = row.Workspace,
        Agent = row.Agent,
        Archived = row.Archived,
        IsTrashed = row.TrashedAt is not null,
        IsLive = row.IsLive,
        Project = row.Project,
        Segments = row.Segments,
        TitleStart = Fingerprint.StartOf(row.Title),
        Parent = Fingerprint.Of(row.Parent?.Value),
        AgentSession = Fingerprint.Of(row.AgentSession),
        ImportedAs = Fingerprint.Of(row.Imported?.Id),
        Key = Fingerprint.Of(row.Key),
    };

    /// <summary>Takes them from a row's JSON, without making the row.</summary>
    /// <param name="reader">At the object's beginning; moved to its end.</param>
    /// <param name="texts">Most sessions have the same few folders and agents: each of these is kept once.</param>
    /// <param name="seq">The last sequence that is folded into the row.</param>
    /// <returns>Null where something is missing.</returns>
    public static SessionKeys? Read(ref Utf8JsonReader reader, SharedTexts texts, out long seq)
    {
        SessionId id = default, parent = default;
        SessionStatus? status = null;
        DateTimeOffset? updated = null;
        string? workspace = null, agent = null, agentSession = null, importedAs = null, key = null;
        (seq, var title, var archived, var trashed, var live) = (0, 0UL, false, false, false);
        Project? project = null;
        IReadOnlyList<Segment> segments = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("id"u8))
                id = IdOf(ref reader);
            else if (name.SequenceEqual("seq"u8))
                seq = reader.GetInt64();
            else if (name.SequenceEqual("status"u8))
                status = StatusOf(ref reader);
            else if (name.SequenceEqual("title"u8))
                title = StartOf(ref reader);
            else if (name.SequenceEqual("workspace"u8))
                workspace = texts.Read(ref reader);
            else if (name.SequenceEqual("agent"u8))
                agent = texts.Read(ref reader);
            else if (name.SequenceEqual("updated_at"u8))
                updated = reader.GetDateTimeOffset();
            else if (name.SequenceEqual("archived"u8))
                archived = reader.GetBoolean();
            else if (name.SequenceEqual("trashed_at"u8))
                trashed = reader.TokenType != JsonTokenType.Null;
            else if (name.SequenceEqual("turn"u8))
                live = reader.TokenType != JsonTokenType.Null;
            else if (name.SequenceEqual("parent"u8))
                parent = IdOf(ref reader);
            else if (name.SequenceEqual("agent_session"u8))
                agentSession = reader.GetString();
            else if (name.SequenceEqual("key"u8))
                key = reader.GetString();
            else if (name.SequenceEqual("imported"u8))
                importedAs = JsonSerializer.Deserialize(ref reader, SkeinJson.Default.Imported)?.Id;
            else if (name.SequenceEqual("project"u8))
                project = JsonSerializer.Deserialize(ref reader, SkeinJson.Default.Project);
            else if (name.SequenceEqual("segments"u8))
                segments = JsonSerializer.Deserialize(ref reader, SkeinJson.Default.IReadOnlyListSegment) ?? [];
            else
                reader.Skip();
        }

        return id.Value is null || updated is null || status is null || workspace is null || agent is null ? null : new SessionKeys
        {
            Id = id,
            UpdatedAt = updated.Value,
            Status = status.Value,
            Workspace = workspace,
            Agent = agent,
            Archived = archived,
            IsTrashed = trashed,
            IsLive = live,
            Project = project,
            Segments = segments,
            TitleStart = title,
            Parent = Fingerprint.Of(parent.Value),
            AgentSession = Fingerprint.Of(agentSession),
            ImportedAs = Fingerprint.Of(importedAs),
            Key = Fingerprint.Of(key),
        };
    }

    private static SessionId IdOf(ref Utf8JsonReader reader) => SessionId.TryParse(reader.GetString(), out var id) ? id : default;

    private static SessionStatus? StatusOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("idle"u8) ? SessionStatus.Idle : JsonSerializer.Deserialize(ref reader, SkeinJson.Default.SessionStatus);

    private static ulong StartOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.ValueSpan.Length > MostTitle)
            return Fingerprint.StartOf(reader.GetString());

        Span<char> title = stackalloc char[MostTitle];
        return Fingerprint.StartOf(title[..reader.CopyString(title)]);
    }
}
