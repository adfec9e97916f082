using System.Runtime.CompilerServices;
using System.Text;
using Skein.Core;

namespace Skein.Tests.Store;

/// <summary>The page that others write readers by is true.</summary>
public sealed class LogFormatDocumentTests : EmbeddedTests
{
    [Fact]
    public async Task The_example_log_is_one_that_the_store_reads()
    {
        var page = (await File.ReadAllTextAsync(Document(), Cancellation)).ReplaceLineEndings("\n");
        var start = page.IndexOf("```jsonl\n", StringComparison.Ordinal) + "```jsonl\n".Length;
        var log = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
        var session = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");
        Directory.CreateDirectory(Path.GetDirectoryName(LogOf(session))!);
        await File.WriteAllTextAsync(LogOf(session), log, Cancellation);

        await using var store = await OpenAsync();

        Assert.Equal(["session.created", "message.added", "turn.started"], (await ReadAsync(store, session)).Select(e => e.Type));
        Assert.Equal("Count the geese 🦢", (await store.FindAsync(session, Cancellation))!.Title);
        await using var writer = await store.OpenWriterAsync(session, Cancellation);
        Assert.Empty(writer.Repairs);
    }

    [Fact]
    public async Task A_line_is_laid_out_as_it_is_drawn()
    {
        var session = await MakeAsync([Some.Titled("a"), Some.Titled("b")]);

        var lines = await File.ReadAllLinesAsync(LogOf(session), Encoding.UTF8, Cancellation);

        Assert.Matches($$$"""^{"v":1,"session":"{{{session}}}","seq":1,"at":"[^"]{24}","type":"session.created","by":{"who":"test"},"data":{.*},"crc":"[0-9a-f]{8}"}$""", lines[0]);
        Assert.Matches("""^{"seq":2,"at":"[^"]{24}","type":"session.titled","by":{"who":"test"},"data":{.*},"more":true,"crc":"[0-9a-f]{8}"}$""", lines[1]);
        Assert.Matches("""^{"seq":3,"at":"[^"]{24}","type":"session.titled","by":{"who":"test"},"data":{.*},"crc":"[0-9a-f]{8}"}$""", lines[2]);
        Assert.EndsWith($"sessions/{session.Time:yyyy-MM}/{session}.jsonl", LogOf(session).Replace('\\', '/'), StringComparison.Ordinal);
    }

    private static string Document([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "log-format.md"));
}
