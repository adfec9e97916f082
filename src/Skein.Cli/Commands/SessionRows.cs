using System.Text.Json;
using Skein.Cli.Screen;

namespace Skein.Cli.Commands;

/// <summary>What a list of sessions shows, taken from the API's JSON by hand: reading it whole takes longer than all the rest of the command.</summary>
/// <param name="Unread">How many sessions are in no list since they cannot be read.</param>
internal sealed record SessionRows(IReadOnlyList<SessionRows.Row> Items, bool More, int Unread)
{
    public static SessionRows Read(byte[] page)
    {
        using var document = JsonDocument.Parse(page);
        var rows = new List<Row>();
        foreach (var item in document.RootElement.GetProperty("items").EnumerateArray())
            rows.Add(Row.Read(item));
        return new SessionRows(
            rows,
            document.RootElement.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.String,
            document.RootElement.TryGetProperty("unread", out var unread) ? unread.GetInt32() : 0);
    }

    /// <summary>The rows' ids, as short as tells them apart.</summary>
    public string[] ShortIds()
    {
        var ids = new string[Items.Count];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = Items[i].Id;
        return SessionName.Shorten(ids);
    }

    internal sealed record Row(
        string Id, string Title, string Status, Style Style, int Messages, decimal Cost, DateTimeOffset UpdatedAt, string? Model, string Workspace)
    {
        public static Row Read(JsonElement session)
        {
            var damaged = session.TryGetProperty("damage", out var damage) && damage.GetArrayLength() > 0;
            var status = damaged ? "damaged" : session.GetProperty("status").GetString()!;
            var waiting = session.TryGetProperty("queue", out var queue) ? queue.GetArrayLength() : 0;
            return new Row(
                session.GetProperty("id").GetString()!,
                session.GetProperty("title").GetString()!,
                waiting > 0 ? $"{status} ⧗{waiting}" : status,
                Words.StyleOf(status),
                session.GetProperty("messages").GetInt32(),
                session.GetProperty("cost").GetDecimal(),
                session.GetProperty("updated_at").GetDateTimeOffset(),
                session.TryGetProperty("model", out var model) ? model.GetString() : null,
                session.GetProperty("workspace").GetString()!);
        }
    }
}
