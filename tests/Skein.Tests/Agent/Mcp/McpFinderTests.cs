using Skein.Agent.Mcp;
using Skein.Agent.Settings;
using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Agent.Mcp;

/// <summary>Which MCP servers count: what a folder names is started by no one who did not say so.</summary>
public sealed class McpFinderTests : IDisposable
{
    private const string Foreign = """
        {"mcpServers": {
          "files": {"command": "npx", "args": ["-y", "server", "${ROOT:-.}"], "env": {"TOKEN": "${THEIRS}"}},
          "remote": {"type": "http", "url": "https://mcp.example.org/mcp", "headers": {"X-Team": "geese"}}
        }}
        """;

    private readonly TempFolder _folder = new();
    private readonly TrustedFolders _trusted;
    private readonly McpConsents _consents;

    public McpFinderTests()
    {
        _trusted = new TrustedFolders(_folder.Below("home"));
        _consents = new McpConsents(_folder.Below("home"));
        _folder.Write("user/skein.json", """{"mcp": {"mine": {"command": ["mine", "--stdio"], "timeout_seconds": 5}}}""");
        _folder.Write("work/.mcp.json", Foreign);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _consents.Dispose();
        _trusted.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_a_folder_names_counts_once_it_is_trusted_and_each_was_agreed_to()
    {
        var untrusted = await FindAsync();
        await _trusted.TrustAsync(_folder.Below("work"), Cancellation);
        var asked = await FindAsync();
        await Finder().AllowAsync(_folder.Below("work"), asked.Waiting.Single(s => s.Name == "files"), Cancellation);
        var agreed = await FindAsync();

        Assert.Equal("mine; waiting: ", Names(untrusted));
        Assert.Equal("mine; waiting: files, remote", Names(asked));
        Assert.Equal("mine, files; waiting: remote", Names(agreed));
        var files = agreed.Servers[1];
        Assert.Equal(["npx", "-y", "server", "."], files.Command);
        Assert.Equal("not a secret", files.Environment["TOKEN"]);
    }

    [Fact]
    public async Task One_that_changed_is_asked_about_again()
    {
        await _trusted.TrustAsync(_folder.Below("work"), Cancellation);
        await Finder().AllowAsync(_folder.Below("work"), (await FindAsync()).Waiting.Single(s => s.Name == "files"), Cancellation);

        _folder.Write("work/.mcp.json", Foreign.Replace("\"-y\"", "\"-y\", \"--evil\"", StringComparison.Ordinal));

        Assert.Equal("mine; waiting: files, remote", Names(await FindAsync()));
    }

    [Theory]
    [InlineData("'mcpServers.x' needs a 'command'", """{"mcpServers": {"x": {}}}""")]
    [InlineData("'mcpServers.x' has a 'command' and a 'url'", """{"mcpServers": {"x": {"command": "a", "url": "http://b"}}}""")]
    [InlineData("'mcpServers.x.url' must be an http or https URL", """{"mcpServers": {"x": {"url": "file:///etc/passwd"}}}""")]
    [InlineData("'mcpServers.x y' must have a name", """{"mcpServers": {"x y": {"command": "a"}}}""")]
    [InlineData("'mcpServers.x.args[0]' names the variable SECRET_KEY, which is not set", """{"mcpServers": {"x": {"command": "a", "args": ["${SECRET_KEY}"]}}}""")]
    [InlineData("is not JSON", "{")]
    public async Task What_breaks_a_rule_is_named(string said, string json)
    {
        var file = _folder.Write("work/.mcp.json", json);
        await _trusted.TrustAsync(_folder.Below("work"), Cancellation);

        var refused = await Assert.ThrowsAsync<SettingsException>(FindAsync);

        Assert.StartsWith($"{RealPath.Of(file)}: {said}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model": "a/b", "mcp": {"x": {"url": "http://x"}, "y": {"command": ["y"]}}}""", """{"model": "a/b", "mcp": { "y": {"command": ["y"]}}}""")]
    [InlineData("""{"mcp": {"y": {"command": ["y"]}, "x": {"url": "http://x"}}, "mode": "ask"}""", """{"mcp": {"y": {"command": ["y"]}}, "mode": "ask"}""")]
    [InlineData("""{"mcp": {"x": {"url": "http://x"}}}""", """{"mcp": {}}""")]
    public async Task A_server_is_taken_from_the_settings_and_the_rest_stays(string before, string after)
    {
        var file = _folder.Write("user/skein.json", before);

        Assert.True(await SettingsFile.RemoveAsync(file, "mcp.x", Cancellation));
        Assert.False(await SettingsFile.RemoveAsync(file, "mcp.x", Cancellation));

        Assert.Equal(after, await File.ReadAllTextAsync(file, Cancellation));
    }

    private static string Names(McpServerSet set) =>
        $"{string.Join(", ", set.Servers.Select(s => s.Name))}; waiting: {string.Join(", ", set.Waiting.Select(s => s.Name))}";

    private Task<McpServerSet> FindAsync() => Finder().FindAsync(_folder.Below("work"), Cancellation);

    private McpFinder Finder() => new(
        new SettingsReader(_folder.Below("user", "skein.json"), _trusted).ReadAsync, _trusted, _consents, name => name == "THEIRS" ? "not a secret" : null);
}
