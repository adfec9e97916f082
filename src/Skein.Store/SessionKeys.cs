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
    private readonly long _updated;

    public required SessionId Id { get; init; }
    public required DateTimeOffset UpdatedAt { get => new(_updated, TimeSpan.Zero); init => _updated = value.UtcTicks; }
    public required SessionStatus Status { get; init; }
    public required string Workspace { get; init; }
    public required string Agent { get; init; }
    public required bool Archived { get; init; }
    public required bool IsTrashed { get; init; }
    public required bool IsLive { get; init; }
    public required bool IsDamaged { get; init; }
    public required Project? Project { get; init; }
    public required ulong TitleStart { get; init; }
    public required SessionLinks Links { get; init; }

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
        IsDamaged = row.Damage.Count > 0,
        Project = row.Project,
        TitleStart = Fingerprint.StartOf(row.Title),
        Links = SessionLinks.Of(row.Segments, row.Parent?.Value, row.AgentSession, row.Imported?.Id, row.Key),
    };

    /// <summary>Writes a row's keys, those that most rows do not have left out: what is short is read quickly, a hundred thousand times at a start.</summary>
    public static void Write(Utf8JsonWriter writer, Session row)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, row.Id.Value);
        writer.WriteNumber("seq"u8, row.Seq);
        writer.WriteNumber("updated"u8, row.UpdatedAt.UtcTicks);
        writer.WriteString("workspace"u8, row.Workspace);
        writer.WriteString("agent"u8, row.Agent);
        writer.WriteNumber("title"u8, Fingerprint.StartOf(row.Title));
        if (row.Status != SessionStatus.Idle)
            writer.WriteNumber("status"u8, (int)row.Status);
        WriteIf(writer, "archived"u8, row.Archived);
        WriteIf(writer, "trashed"u8, row.TrashedAt is not null);
        WriteIf(writer, "live"u8, row.IsLive);
        WriteIf(writer, "damaged"u8, row.Damage.Count > 0);
        WriteIf(writer, "parent"u8, row.Parent?.Value);
        WriteIf(writer, "agent_session"u8, row.AgentSession);
        WriteIf(writer, "imported"u8, row.Imported?.Id);
        WriteIf(writer, "key"u8, row.Key);
        if (row.Project is { } project)
        {
            writer.WritePropertyName("project"u8);
            JsonSerializer.Serialize(writer, project, SkeinJson.Relaxed.Project);
        }

        if (row.Segments.Count > 0)
        {
            writer.WritePropertyName("segments"u8);
            JsonSerializer.Serialize(writer, row.Segments, SkeinJson.Relaxed.IReadOnlyListSegment);
        }

        writer.WriteEndObject();
    }

    /// <param name="reader">At the object's beginning; moved to its end.</param>
    /// <param name="texts">Most sessions have the same few folders and agents: each of these is kept once.</param>
    /// <param name="seq">The last sequence that is folded into the row.</param>
    /// <returns>Null where something is missing.</returns>
    public static SessionKeys? Read(ref Utf8JsonReader reader, SharedTexts texts, out long seq)
    {
        SessionId? id = null;
        string? workspace = null, agent = null, parent = null, agentSession = null, importedAs = null, key = null;
        (seq, var updated, var status, var title, var archived, var trashed, var live, var damaged) = (0, 0L, SessionStatus.Idle, 0UL, false, false, false, false);
        Project? project = null;
        IReadOnlyList<Segment> segments = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("id"u8))
                id = ReadId(ref reader);
            else if (name.SequenceEqual("seq"u8))
                seq = reader.GetInt64();
            else if (name.SequenceEqual("updated"u8))
                updated = reader.GetInt64();
            else if (name.SequenceEqual("workspace"u8))
                workspace = texts.Read(ref reader);
            else if (name.SequenceEqual("agent"u8))
                agent = texts.Read(ref reader);
            else if (name.SequenceEqual("title"u8))
                title = reader.GetUInt64();
            else if (name.SequenceEqual("status"u8))
                status = (SessionStatus)reader.GetInt32();
            else if (name.SequenceEqual("archived"u8))
                archived = reader.GetBoolean();
            else if (name.SequenceEqual("trashed"u8))
                trashed = reader.GetBoolean();
            else if (name.SequenceEqual("live"u8))
                live = reader.GetBoolean();
            else if (name.SequenceEqual("damaged"u8))
                damaged = reader.GetBoolean();
            else if (name.SequenceEqual("parent"u8))
                parent = reader.GetString();
            else if (name.SequenceEqual("agent_session"u8))
                agentSession = reader.GetString();
            else if (name.SequenceEqual("imported"u8))
                importedAs = reader.GetString();
            else if (name.SequenceEqual("key"u8))
                key = reader.GetString();
            else if (name.SequenceEqual("project"u8))
                project = texts.Share(JsonSerializer.Deserialize(ref reader, SkeinJson.Relaxed.Project));
            else if (name.SequenceEqual("segments"u8))
                segments = JsonSerializer.Deserialize(ref reader, SkeinJson.Relaxed.IReadOnlyListSegment) ?? [];
            else
                reader.Skip();
        }

        return id is not { } session || updated is <= 0 || updated > DateTimeOffset.MaxValue.Ticks || workspace is null || agent is null || !Enum.IsDefined(status) ? null : new SessionKeys
        {
            Id = session,
            UpdatedAt = new DateTimeOffset(updated, TimeSpan.Zero),
            Status = status,
            Workspace = workspace,
            Agent = agent,
            Archived = archived,
            IsTrashed = trashed,
            IsLive = live,
            IsDamaged = damaged,
            Project = project,
            TitleStart = title,
            Links = SessionLinks.Of(segments, parent, agentSession, importedAs, key),
        };
    }

    private static SessionId? ReadId(ref Utf8JsonReader reader)
    {
        // Room for one that somebody wrote with escapes.
        Span<char> text = stackalloc char[6 * SessionId.Length];
        return reader.ValueSpan.Length <= text.Length && SessionId.TryParse(text[..reader.CopyString(text)], out var id) ? id : null;
    }

    private static void WriteIf(Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool holds)
    {
        if (holds)
            writer.WriteBoolean(name, true);
    }

    private static void WriteIf(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
            writer.WriteString(name, text);
    }
}
