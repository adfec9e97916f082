using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Skein.Core.Events;
using Skein.Core.Files;

namespace Skein.Core.Protocol;

/// <summary>A session as the API shows it.</summary>
/// <param name="Session">Its fields stand beside <paramref name="Clients"/>.</param>
/// <param name="Clients">Followers attached to this server.</param>
[JsonConverter(typeof(SessionViewConverter))]
public sealed record SessionView(Session Session, int Clients);

/// <summary>What became of a session's files.</summary>
/// <param name="Files">In the order of paths.</param>
/// <param name="From">The snapshot that it begins with; null: there is none, since nothing that may change files was called.</param>
/// <param name="To">The snapshot that it ends with.</param>
/// <param name="Patch">The changed lines, as git writes them; null: they were not asked for.</param>
/// <param name="IsCut">There is more of the patch.</param>
public sealed record SessionDiff(
    IReadOnlyList<FileChange> Files, string? From = null, string? To = null, string? Patch = null,
    [property: JsonPropertyName("cut"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsCut = false);

/// <summary>What a merge did.</summary>
/// <param name="Session">The origin.</param>
/// <param name="Files">Those of its folder that are different now.</param>
/// <param name="Conflicts">Those that both had changed in a way that cannot be put together.</param>
public sealed record MergeOutcome(Session Session, IReadOnlyList<FileChange> Files, IReadOnlyList<string> Conflicts);

/// <param name="Before">Where the page before begins, for the next request; null: this is the first page.</param>
/// <param name="Seq">The last sequence the page knows of: follow from here.</param>
public sealed record MessagePage(IReadOnlyList<Message> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Before, long Seq);

/// <summary>A row of the feed of all sessions.</summary>
public sealed record SessionRow(SessionId Session, long Seq, Session Row);

/// <summary>
/// Text of a part that is still arriving. Idempotent by its offset; meaningless once the part is complete.
/// </summary>
/// <param name="Offset">Where the text belongs in the part, in UTF-16 units; never inside a surrogate pair.</param>
public sealed record PartDelta(
    MessageId Message, PartId Part, StreamKind Kind, int Offset, string Text, string? CallId = null, string? Tool = null);

/// <summary>Sequences that cannot be read.</summary>
public sealed record GapFrame(long From, long To);

/// <summary>An error as <c>application/problem+json</c> (RFC 9457), with a stable word in <paramref name="Code"/>.</summary>
/// <param name="Last">With <c>cursor_ahead</c>: the last sequence there is.</param>
/// <param name="Changes">With <c>files_changed</c>: which files, at most 100.</param>
public sealed record Problem(
    string Type, string Title, int Status, [Optional, DefaultParameterValue(null)] string? Detail, string Code, long? Last = null, TurnId? Turn = null,
    IReadOnlyList<FileChange>? Changes = null);

/// <summary>What <c>server.json</c> tells about a running server; <c>GET /v1/server</c> answers the same.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Socket">The path of its Unix socket.</param>
/// <param name="Listen">Its TCP address, <c>http://127.0.0.1:7788</c>; null: none.</param>
public sealed record ServerInfo(int Pid, string Version, string Home, string Socket, [Optional, DefaultParameterValue(null)] string? Listen, DateTimeOffset StartedAt);

/// <summary><c>GET /health</c>: needs no token and tells nothing but that the server lives.</summary>
public sealed record ServerHealth(string Status, string Version);
