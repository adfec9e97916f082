using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Skein.Core;
using Skein.Server;
using Skein.Testing;

namespace Skein.Tests.Server;

[UnsupportedOSPlatform("windows")]
public sealed class SocketPlaceTests : IDisposable
{
    private readonly TempFolder _home = new();

    private string Socket => SocketPlace.Of(_home.Path, null);
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_socket_stands_in_a_folder_of_the_owner_alone()
    {
        await SocketPlace.ClearAsync(Socket, Cancellation);

        Assert.Equal(_home.Below("run"), Path.GetDirectoryName(Socket));
        Assert.Equal(OwnFolder.OnlyOwner, File.GetUnixFileMode(_home.Below("run")));
    }

    [Fact]
    public async Task A_folder_that_others_could_enter_is_closed_to_them()
    {
        Directory.CreateDirectory(_home.Below("run"), OwnFolder.OnlyOwner | UnixFileMode.OtherExecute | UnixFileMode.GroupRead);

        await SocketPlace.ClearAsync(Socket, Cancellation);

        Assert.Equal(OwnFolder.OnlyOwner, File.GetUnixFileMode(_home.Below("run")));
    }

    [Fact]
    public async Task A_link_is_no_folder_to_put_a_socket_in()
    {
        Directory.CreateDirectory(_home.Below("elsewhere"));
        Directory.CreateSymbolicLink(_home.Below("run"), _home.Below("elsewhere"));

        var refused = await Assert.ThrowsAsync<HomeException>(() => SocketPlace.ClearAsync(Socket, Cancellation));

        Assert.Contains("is a link", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_where_the_folder_should_be_is_an_error_that_names_it()
    {
        await File.WriteAllTextAsync(_home.Below("run"), "", Cancellation);

        var refused = await Assert.ThrowsAsync<HomeException>(() => SocketPlace.ClearAsync(Socket, Cancellation));

        Assert.Contains(_home.Below("run"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_another_user_is_refused()
    {
        Directory.CreateDirectory(_home.Below("run"), OwnFolder.OnlyOwner);
        if (ChangeOwner(_home.Below("run"), 65534, 65534) != 0)
            Assert.Skip("only root can give a folder away");

        var refused = await Assert.ThrowsAsync<HomeException>(() => SocketPlace.ClearAsync(Socket, Cancellation));

        Assert.Contains("belongs to user 65534", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_that_others_may_write_to_is_refused()
    {
        File.SetUnixFileMode(_home.Path, OwnFolder.OnlyOwner | UnixFileMode.OtherWrite);

        var refused = Assert.Throws<HomeException>(() => OwnFolder.RequireHome(_home.Path));

        Assert.Contains("chmod 700", refused.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_socket_that_a_dead_server_left_is_replaced_and_one_in_use_is_not()
    {
        await SocketPlace.ClearAsync(Socket, Cancellation);
        using var listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listening.Bind(new UnixDomainSocketEndPoint(Socket));

        // Bound but not listening is what a dead server leaves: nobody answers there.
        await SocketPlace.ClearAsync(Socket, Cancellation);
        Assert.False(File.Exists(Socket));

        using var alive = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        alive.Bind(new UnixDomainSocketEndPoint(Socket));
        alive.Listen();
        var refused = await Assert.ThrowsAsync<HomeException>(() => SocketPlace.ClearAsync(Socket, Cancellation));
        Assert.Contains("Another server", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Socket));
    }

    [Fact]
    public async Task What_is_no_socket_is_not_deleted()
    {
        Directory.CreateDirectory(_home.Below("run"), OwnFolder.OnlyOwner);
        await File.WriteAllTextAsync(Socket, "precious", Cancellation);

        await Assert.ThrowsAsync<HomeException>(() => SocketPlace.ClearAsync(Socket, Cancellation));

        Assert.Equal("precious", await File.ReadAllTextAsync(Socket, Cancellation));
    }

    [Fact]
    public void A_home_with_a_long_path_has_its_socket_in_the_runtime_folder_or_else_in_tmp()
    {
        var home = "/home/" + new string('x', 100);

        var inRuntime = SocketPlace.Of(home, _home.Path);
        var inTemp = SocketPlace.Of(home, null);

        Assert.Matches($"^{_home.Path}/skein-[0-9a-f]{{16}}/skein.sock$", inRuntime);
        Assert.Matches($"^/tmp/skein-{OwnFolder.User()}-[0-9a-f]{{16}}/skein.sock$", inTemp);
        Assert.NotEqual(inTemp, SocketPlace.Of(home + "z", null));
        Assert.Equal(inTemp, SocketPlace.Of(home, ""));
        Assert.Equal(inTemp, SocketPlace.Of(home, "relative"));
        Assert.Equal(inTemp, SocketPlace.Of(home, _home.Below("missing")));
        Assert.Equal(inTemp, SocketPlace.Of(home, Directory.CreateDirectory(_home.Below(new string('y', 90))).FullName));
    }

    [Fact]
    public void A_runtime_folder_of_another_user_is_not_used()
    {
        var home = "/home/" + new string('x', 100);
        var theirs = Directory.CreateDirectory(_home.Below("theirs")).FullName;
        if (ChangeOwner(theirs, 65534, 65534) != 0)
            Assert.Skip("only root can give a folder away");

        Assert.Equal(SocketPlace.Of(home, null), SocketPlace.Of(home, theirs));
    }

    [DllImport("libc", EntryPoint = "chown")]
    private static extern int ChangeOwner([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);
}
