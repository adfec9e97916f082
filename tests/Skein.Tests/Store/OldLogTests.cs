using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>Logs that an earlier program wrote, of 2026-11-21, with a turn that calls a tool, a fork, a rewind and an archived session: <c>Logs/</c>.</summary>
public sealed class OldLogTests : CompressedTests
{
    private static readonly SessionId s_origin = SessionId.Parse("ses_01m8gqrvenrv7fxxsqsmhptz9m");
    private static readonly SessionId s_fork = SessionId.Parse("ses_01m8gqs9t1eer2gfh4rafvmpad");

    private static readonly string[] s_said = ["Count the geese", "I count the geese.", "There is one goose.", "Again", "And none else."];

    [Fact]
    public async Task What_an_earlier_program_wrote_is_read_whole_gone_on_with_and_compressed()
    {
        foreach (var log in Directory.EnumerateFiles(Folder()))
        {
            var place = LogOf(SessionId.Parse(Path.GetFileNameWithoutExtension(log)));
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(log, place);
        }

        Assert.DoesNotContain(StoreCheck.Run(Home, null, Cancellation).Findings, f => f.IsLoss || f.Session is not null);
        await using (var store = await OpenAsync())
        {
            await RequireReadAsync(store);
            foreach (var session in (SessionId[])[s_origin, s_fork])
            {
                await using var writer = await store.OpenWriterAsync(session, Cancellation);
                Assert.Empty(writer.Repairs);
                await writer.AppendAsync([Some.Titled("Gone on with")], Some.By, Cancellation);
            }
        }

        Assert.Equal(2, (await CompressAsync()).Compressed.Files);
        await using var again = await OpenAsync();
        Assert.Equal(new SessionTitled("Gone on with", TitleSource.Manual), (await ReadAsync(again, s_fork))[^1].Body);
        await RequireReadAsync(again);
    }

    private static async Task RequireReadAsync(EmbeddedStore store)
    {
        Assert.Empty(store.Damaged);
        var origin = (await store.FindAsync(s_origin, Cancellation))!;
        Assert.Equal(("/home/ada/geese", "lake", PermissionMode.Auto, 3, false), (origin.Workspace, origin.Host, origin.Mode, origin.Messages, origin.Archived));
        var fork = (await store.FindAsync(s_fork, Cancellation))!;
        Assert.Equal((7, true, s_origin), (fork.Messages, fork.Archived, fork.ForkedFrom!.Session));

        var messages = await MessagesAsync(store, s_fork);
        Assert.Equal([.. s_said, "In the fork", "A fork says this."], messages.Select(m => m.Text));
        Assert.Equal(s_said[..3], (await MessagesAsync(store, s_origin)).Select(m => m.Text));
        Assert.IsType<ReasoningPart>(messages[1].Parts[0].Content);
        Assert.Equal("goose\n日本語\n", Assert.IsType<ToolResultPart>(messages[1].Parts[^1].Content).Output);
    }

    private static async Task<IReadOnlyList<Message>> MessagesAsync(EmbeddedStore store, SessionId session)
    {
        var transcript = new Transcript();
        foreach (var e in await ReadAsync(store, session))
        {
            Assert.IsNotType<UnknownEvent>(e.Body);
            transcript.Apply(e);
        }

        return transcript.Messages;
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Logs");
}
