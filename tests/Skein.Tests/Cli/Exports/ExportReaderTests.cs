using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Cli.Exports;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Cli.Exports;

/// <summary>A file that anybody may have written: every line has a right checksum, and what it says is of the wrong kind.</summary>
public sealed class ExportReaderTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("""{"type":"skein.export","version":"1"}""", "line 1 names the format's version \"1\"")]
    [InlineData("""{"type":"skein.export"}""", "line 1 names the format's version not")]
    [InlineData("""{"type":"skein.export","version":1}""", "line 1 tells of no session")]
    [InlineData("""{"type":"skein.export","version":1,"session":7}""", "line 1 tells of no session")]
    [InlineData("""{"type":7}""", "line 1 is not the first line")]
    public async Task A_first_line_of_another_kind_is_refused(string line, string told) => Assert.Contains(told, await RefusedAsync([line]), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"blob","sha256":7}""", "line 4 has a blob that no event before it names")]
    [InlineData($$"""{"type":"blob","sha256":"{{Hash}}","base64":7}""", "line 4 has a blob without content")]
    [InlineData($$"""{"type":"blob","sha256":"{{Hash}}","base64":"?"}""", "line 4 has a blob without content")]
    [InlineData("""{"type":"end","events":"2"}""", "line 4 says that there are who knows how many events")]
    [InlineData("""{"type":7}""", "line 4 is of a type ''")]
    public async Task A_line_of_another_kind_is_refused(string line, string told) =>
        Assert.Contains(told, await RefusedAsync([.. Begun(), line]), StringComparison.Ordinal);

    private static string[] Begun()
    {
        var ids = new IdSource(TimeProvider.System);
        var session = ids.Next<SessionId>();
        var blob = new BlobRef(Hash, 0, "text/plain");
        SessionEvent[] events =
        [
            new(session, 1, DateTimeOffset.UnixEpoch, new SessionCreated("/geese", "skein", null, PermissionMode.Ask)),
            new(session, 2, DateTimeOffset.UnixEpoch, new MessageAdded(
                ids.Next<MessageId>(), Role.User, MessageStatus.Completed, 1, [new MessagePart(ids.Next<PartId>(), new FilePart("text/plain", Content: blob))])),
        ];
        var head = new JsonObject
        {
            ["type"] = "skein.export", ["version"] = 1,
            ["session"] = JsonSerializer.SerializeToNode(SessionFold.Apply(null, events[0]), SkeinJson.Relaxed.Session),
        };
        return [head.ToJsonString(), .. events.Select(e => Encoding.UTF8.GetString(EventCodec.Encode(e, withSession: true).Span))];
    }

    private static async Task<string> RefusedAsync(string[] lines)
    {
        var file = new ArrayBufferWriter<byte>();
        foreach (var line in lines)
            LogLine.Seal(Encoding.UTF8.GetBytes(line), file);
        using var text = new StringReader(Encoding.UTF8.GetString(file.WrittenSpan));
        var reader = new ExportReader(text, "geese.skein");

        return (await Assert.ThrowsAsync<ExportException>(() => reader.ReadAsync(
            (_, _, _) => throw new InvalidOperationException("Nothing of it may be kept."), _ => { }, TestContext.Current.CancellationToken))).Message;
    }
}
