using System.Diagnostics;
using System.Runtime.Versioning;
using Skein.Core;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class HomeTests : EmbeddedTests
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task What_the_store_makes_is_for_its_user_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await store.PutBlobAsync(new MemoryStream([1]), "image/png", Cancellation);

        Assert.Equal(OwnFolder, File.GetUnixFileMode(Home));
        Assert.All(Directory.GetDirectories(Home, "*", SearchOption.AllDirectories), f => Assert.Equal(OwnFolder, File.GetUnixFileMode(f)));
        Assert.All(Directory.GetFiles(Home, "*", SearchOption.AllDirectories), f => Assert.Equal(OwnFile, File.GetUnixFileMode(f)));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_folder_that_the_user_named_keeps_its_permissions()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        var shared = OwnFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(Home, OwnFolder);
        File.SetUnixFileMode(Home, shared);

        await using var store = await OpenAsync();

        Assert.Equal(shared, File.GetUnixFileMode(Home));
    }

    [Fact]
    public async Task A_home_of_another_user_is_refused_by_name_also_for_root()
    {
        Directory.CreateDirectory(Home);
        Disk.Owner = 54321;

        var refused = await Assert.ThrowsAsync<HomeException>(() => OpenAsync());

        Assert.Contains(Home, refused.Message, StringComparison.Ordinal);
        Assert.Contains("user 54321", refused.Message, StringComparison.Ordinal);
        Assert.Contains("must belong to the user", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Home));
    }

    [Fact]
    public void The_owner_of_a_path_is_read_from_the_system()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such numbers.");
        var disk = new Disk();

        Assert.Equal(0u, disk.OwnerOf("/"));
        Assert.Equal(disk.CurrentUser, disk.OwnerOf(Directory.CreateDirectory(Home).FullName));
    }

    [Fact]
    public async Task A_home_that_is_a_file_is_refused_by_name()
    {
        await File.WriteAllTextAsync(Home, "", Cancellation);

        var refused = await Assert.ThrowsAsync<HomeException>(() => OpenAsync());

        Assert.Contains(Home, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_that_cannot_be_written_is_refused_with_the_systems_words()
    {
        Disk.Fail(DiskCall.FlushFolder, Home, "Read-only file system");

        var refused = await Assert.ThrowsAsync<HomeException>(() => OpenAsync());

        Assert.Contains("Read-only file system", refused.Message, StringComparison.Ordinal);
        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task The_second_to_open_a_home_is_told_who_has_it()
    {
        await using (await OpenAsync())
        {
            var nameless = await Assert.ThrowsAsync<HomeInUseException>(() => OpenAsync());
            Assert.Null(nameless.Server);

            await File.WriteAllTextAsync(
                Path.Combine(Home, "server.json"),
                """{"pid":4711,"version":"0.1.0","home":"/h","socket":"/run/skein.sock","started_at":"2026-11-21T09:00:00.000Z"}""",
                Cancellation);
            var named = await Assert.ThrowsAsync<HomeInUseException>(() => OpenAsync());
            Assert.Equal((4711, "/run/skein.sock"), (named.Server!.Pid, named.Server.Socket));
            Assert.Contains("4711", named.Message, StringComparison.Ordinal);
            Assert.Contains("/run/skein.sock", named.Message, StringComparison.Ordinal);
        }

        await using var afterwards = await OpenAsync();
    }

    [Fact]
    public async Task Another_process_that_holds_the_lock_is_noticed_and_the_lock_file_stays()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "Needs flock: apt-get install util-linux.");
        await (await OpenAsync()).DisposeAsync();
        var held = Path.Combine(Home, "store.lock");
        Assert.True(File.Exists(held));
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["--no-fork", held, "sh", "-c", "echo held; cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            Assert.Equal("held", await other.StandardOutput.ReadLineAsync(Cancellation));
            await Assert.ThrowsAsync<HomeInUseException>(() => OpenAsync());
        }
        finally
        {
            other.StandardInput.Close();
            await other.WaitForExitAsync(CancellationToken.None);
        }

        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task Waiting_ends_when_the_store_is_closed()
    {
        var store = await OpenAsync();
        var writer = await CreateAsync(store);
        var waiting = store.WaitForChangeAsync(writer.Session, 1, Cancellation);
        await using var watcher = store.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var watching = watcher.MoveNextAsync().AsTask();

        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => watching);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await writer.AppendAsync([Some.Titled("late")], null, Cancellation));
        await writer.DisposeAsync();
        await store.DisposeAsync();
    }
}
