using System.Runtime.Versioning;
using Skein.Agent.Settings;
using Skein.Core;

namespace Skein.Tests.Agent.Settings;

[UnsupportedOSPlatform("windows")]
public sealed class TrustedFoldersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("skein-").FullName;
    private readonly TrustedFolders _trusted;

    public TrustedFoldersTests() => _trusted = new TrustedFolders(Path.Combine(_root, "home"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _trusted.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_trusted_folder_covers_what_is_below_it_and_nothing_else()
    {
        await _trusted.TrustAsync(Make("a"), Cancellation);

        Assert.True(await _trusted.IsTrustedAsync(Make("a"), Cancellation));
        Assert.True(await _trusted.IsTrustedAsync(Make("a/b/c"), Cancellation));
        Assert.False(await _trusted.IsTrustedAsync(Make("ab"), Cancellation));
        Assert.False(await _trusted.IsTrustedAsync(_root, Cancellation));
    }

    [Fact]
    public async Task Trust_goes_by_the_real_path()
    {
        var link = Path.Combine(_root, "link");
        Directory.CreateSymbolicLink(link, Make("a"));
        Directory.CreateSymbolicLink(Path.Combine(Make("a"), "out"), Make("evil"));

        await _trusted.TrustAsync(link, Cancellation);

        Assert.Equal([Make("a")], await _trusted.ListAsync(Cancellation));
        Assert.True(await _trusted.IsTrustedAsync(Make("a"), Cancellation));
        Assert.False(await _trusted.IsTrustedAsync(Path.Combine(_root, "a", "out"), Cancellation));
    }

    [Fact]
    public async Task Trust_can_be_taken_back()
    {
        await _trusted.TrustAsync(Make("b"), Cancellation);
        await _trusted.TrustAsync(Make("a"), Cancellation);
        await _trusted.TrustAsync(Make("a"), Cancellation);

        Assert.Equal([Make("a"), Make("b")], await _trusted.ListAsync(Cancellation));
        Assert.True(await _trusted.UntrustAsync(Make("a"), Cancellation));
        Assert.False(await _trusted.UntrustAsync(Make("a"), Cancellation));
        Assert.False(await _trusted.IsTrustedAsync(Make("a"), Cancellation));
    }

    [Fact]
    public async Task The_file_is_for_the_user_alone_and_read_anew()
    {
        await _trusted.TrustAsync(Make("a"), Cancellation);
        var file = Path.Combine(_root, "home", "trust.json");
        using var other = new TrustedFolders(Path.Combine(_root, "home"));

        await other.UntrustAsync(Make("a"), Cancellation);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.False(await _trusted.IsTrustedAsync(Make("a"), Cancellation));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task A_damaged_file_is_an_error_and_never_trust(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(Make("home"), "trust.json"), content, Cancellation);

        var e = await Assert.ThrowsAsync<DamagedException>(() => _trusted.IsTrustedAsync(_root, Cancellation));
        await Assert.ThrowsAsync<DamagedException>(() => _trusted.TrustAsync(_root, Cancellation));

        Assert.Contains("trust.json", e.Message, StringComparison.Ordinal);
    }

    private string Make(string path) => Directory.CreateDirectory(Path.Combine(_root, path)).FullName;
}
