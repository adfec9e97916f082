using System.Runtime.Versioning;
using Skein.Agent.Permissions;
using Skein.Core;

namespace Skein.Tests.Agent.Permissions;

[UnsupportedOSPlatform("windows")]
public sealed class RememberedPermissionsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("skein-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Home => Path.Combine(_root, "home");
    private string PermissionsFile => Path.Combine(Home, "permissions.json");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task An_answer_is_remembered_for_its_workspace_across_restarts()
    {
        var link = Path.Combine(_root, "link");
        Directory.CreateSymbolicLink(link, _root);
        var first = new RememberedPermissions(Home);
        await first.RememberAsync(link, "bash", "make *", Cancellation);
        await first.RememberAsync(_root, "bash", "make *", Cancellation);
        await first.RememberAsync(_root, "edit", "a.cs", Cancellation);

        var second = new RememberedPermissions(Home);

        Assert.Equal(
            [new PermissionRule("bash", "make *", RuleAction.Allow), new PermissionRule("edit", "a.cs", RuleAction.Allow)],
            await second.InAsync(_root, Cancellation));
        Assert.Empty(await second.InAsync(Home, Cancellation));
    }

    [Fact]
    public async Task The_file_is_for_the_user_alone()
    {
        var remembered = new RememberedPermissions(Home);

        await remembered.RememberAsync(_root, "bash", "make", Cancellation);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PermissionsFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Home));
        Assert.All(Directory.EnumerateFiles(Home), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Answers_given_at_once_are_all_remembered()
    {
        var remembered = new RememberedPermissions(Home);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => remembered.RememberAsync(_root, "bash", $"make {i}", Cancellation)));

        Assert.Equal(20, (await remembered.InAsync(_root, Cancellation)).Count);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"workspaces": null}""")]
    [InlineData("""{"workspaces": {"/w": [{"tool": "bash", "pattern": "*", "action": "everything"}]}}""")]
    public async Task A_damaged_file_is_an_error_and_is_never_overwritten(string content)
    {
        Directory.CreateDirectory(Home);
        await File.WriteAllTextAsync(PermissionsFile, content, Cancellation);
        var remembered = new RememberedPermissions(Home);

        var e = await Assert.ThrowsAsync<DamagedException>(() => remembered.InAsync(_root, Cancellation));
        await Assert.ThrowsAsync<DamagedException>(() => remembered.RememberAsync(_root, "bash", "x", Cancellation));

        Assert.Contains(PermissionsFile, e.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(PermissionsFile, Cancellation));
    }

    [Fact]
    public async Task What_several_programs_change_at_the_same_moment_is_all_there()
    {
        var patterns = Enumerable.Range(0, 40).Select(n => $"make {n}").ToList();
        await new RememberedPermissions(Home).RememberAsync(_root, "bash", "rm *", Cancellation);

        // Each has no other way to know of the others than the file.
        await Task.WhenAll(
            [.. patterns.Select(p => Task.Run(() => new RememberedPermissions(Home).RememberAsync(_root, "bash", p, Cancellation))),
            Task.Run(() => new RememberedPermissions(Home).ForgetAsync(_root, new PermissionRule("bash", "rm *", RuleAction.Allow), Cancellation))]);

        Assert.Equal(patterns.Order(), (await new RememberedPermissions(Home).InAsync(_root, Cancellation)).Select(r => r.Pattern).Order());
    }
}
