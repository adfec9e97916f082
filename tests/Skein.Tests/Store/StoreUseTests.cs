using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

public sealed class StoreUseTests : EmbeddedTests
{
    private StoreUse Look(bool readLogs = false) => StoreUse.Of(Home, name => name == "keys.json", readLogs, Cancellation);

    private static async Task<SessionId> MakeAsync(EmbeddedStore store, string workspace, string title, params BlobRef[] outputs)
    {
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created(workspace, title: title)], null, Cancellation);
        await writer.AppendAsync(
            [.. outputs.Select(whole => new PartAdded(Some.Ids.Next<MessageId>(), Some.Ids.Next<PartId>(), new ToolResultPart("1", "…", Whole: whole))), Some.Titled(title)],
            null, Cancellation);
        return writer.Session;
    }

    private static ValueTask<BlobRef> PutAsync(EmbeddedStore store, int length) =>
        store.PutBlobAsync(new MemoryStream(Encoding.ASCII.GetBytes(new string('b', length))), "text/plain", Cancellation);

    [Fact]
    public async Task What_is_told_by_kind_adds_up_to_all_files_of_the_home()
    {
        SessionId torn, trashed;
        await using (var store = await OpenAsync())
        {
            torn = await MakeAsync(store, "/work/one", "torn", await PutAsync(store, 5000));
            trashed = await MakeAsync(store, "/work/one", "trashed", await PutAsync(store, 7000));
            await using var writer = await store.OpenWriterAsync(trashed, Cancellation);
            await writer.AppendAsync([new SessionTrashed()], null, Cancellation);
        }

        await File.WriteAllTextAsync(LogOf(torn) + ".torn-99", new string('t', 300), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home, "keys.json"), new string('k', 40), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home, "server.log"), new string('l', 70), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(Home, "checkpoints.git", "objects", "ab")).FullName, "cd"), new string('s', 90), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home, "blobs", "no-blob"), new string('n', 11), Cancellation);
        var use = Look();

        Assert.Equal((12_011, 90, 40, 70L), (use.Blobs, use.Checkpoints, use.Settings, use.Other - new FileInfo(Path.Combine(Home, "store.lock")).Length));
        Assert.Equal(new FileInfo(LogOf(torn)).Length + 300, use.Logs);
        Assert.Equal(new FileInfo(LogOf(trashed)).Length, use.Trash);
        Assert.Equal(new DirectoryInfo(Home).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length), use.Total);
        Assert.Equal([("torn", "/work/one", false, use.Logs), ("trashed", "/work/one", true, use.Trash)], use.Sessions.OrderBy(s => s.Title).Select(s => (s.Title, s.Workspace, s.IsTrashed, s.Bytes)));
        Assert.Equal([new WorkspaceUse("/work/one", 1, use.Logs, null)], use.Workspaces);
    }

    [Fact]
    public async Task Content_is_told_at_each_session_that_names_it_and_once_for_its_folder()
    {
        await using (var store = await OpenAsync())
        {
            var (shared, own) = (await PutAsync(store, 90_000), await PutAsync(store, 20_000));
            await MakeAsync(store, "/work/one", "both", shared, own, shared);
            await MakeAsync(store, "/work/one", "shared", shared);
            await MakeAsync(store, "/work/two", "other", own);
            await MakeAsync(store, "/work/two", "none");
        }

        var use = Look(readLogs: true);

        Assert.Equal([("both", 110_000), ("shared", 90_000), ("other", 20_000), ("none", 0L)], use.Sessions.Select(s => (s.Title, s.Blobs!.Value)));
        Assert.Equal([("/work/one", 2, 110_000), ("/work/two", 2, 20_000L)], use.Workspaces.Select(w => (w.Workspace!, w.Sessions, w.Blobs!.Value)));
        Assert.Equal(110_000, use.Blobs);
    }

    [Fact]
    public async Task A_session_in_use_has_its_title_and_its_folder_before_its_writer_is_closed()
    {
        await using var store = await OpenAsync();
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created("/work/one", title: "")], null, Cancellation);
        await writer.AppendAsync([Some.Titled("in use")], null, Cancellation);

        Assert.Equal([("in use", "/work/one")], Look().Sessions.Select(s => (s.Title, s.Workspace!)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_session_in_use_became_since_the_catalog_had_its_row_is_told(bool wasTrashed)
    {
        SessionId session;
        await using (var store = await OpenAsync())
        {
            session = await MakeAsync(store, "/work/one", "before");
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            await writer.AppendAsync([wasTrashed ? new SessionTrashed() : new SessionRestored()], null, Cancellation);
        }

        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            await writer.AppendAsync([Some.Titled("now"), wasTrashed ? new SessionRestored() : new SessionTrashed()], null, Cancellation);

            var use = Look();

            Assert.Equal([("now", !wasTrashed)], use.Sessions.Select(s => (s.Title, s.IsTrashed)));
            Assert.Equal(new FileInfo(LogOf(session)).Length, wasTrashed ? use.Logs : use.Trash);
        }
    }

    [Fact]
    public async Task Without_a_catalog_the_logs_tell_and_of_what_is_no_log_only_the_bytes_are_told()
    {
        await using (var store = await OpenAsync())
            await MakeAsync(store, "/work/one", "known");
        var session = await MakeAsync();
        await File.WriteAllBytesAsync(LogOf(session), new byte[77], Cancellation);
        File.Delete(Path.Combine(Home, "catalog", "catalog.jsonl"));

        var use = Look(readLogs: true);

        Assert.Equal([("", null, 77), ("known", "/work/one", use.Logs - 77)], use.Sessions.OrderBy(s => s.Bytes).Select(s => (s.Title, s.Workspace, s.Bytes)));
        Assert.Equal(0, StoreUse.Of(Path.Combine(Home, "nowhere"), _ => false, readLogs: true, Cancellation).Total);
    }
}
