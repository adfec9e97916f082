using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Servers of others, as people have them: called in the middle of turns, and killed in the middle of calls.</summary>
public sealed class RealMcpServerTests : IAsyncDisposable
{
    private readonly User _user = new();

    public RealMcpServerTests() => Requires.Programs("node", "ps");

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Three_servers_are_called_in_one_turn()
    {
        _user.Write("goose.txt", "Honk.");
        await AddAsync("everything", "server-everything", "stdio");
        await AddAsync("files", "server-filesystem", ".");
        // It keeps what it is told beside its own program, unless it is told where.
        await _user.GoodAsync("mcp", "add", "memory", "--", "env", $"MEMORY_FILE_PATH={Path.Combine(_user.Project, "memory.jsonl")}", "node", Script("server-memory"));
        var model = _user.ScriptOf(
            Call("mcp__everything__get-sum", new { a = 40, b = 2 }),
            Call("mcp__files__read_text_file", new { path = "goose.txt" }),
            Call("mcp__files__read_text_file", new { path = "/etc/passwd" }),
            Call("mcp__memory__create_entities", new { entities = new[] { new { name = "Akka", entityType = "goose", observations = new[] { "leads" } } } }),
            Call("mcp__memory__search_nodes", new { query = "Akka" }),
            Call("mcp_resource", new { server = "everything", uri = "demo://resource/dynamic/text/1" }),
            new { type = "text", text = "Done." });

        var results = Results((await _user.GoodAsync("run", "--mode", "auto", "--json", "--model", model, "Go.")).Out);

        Assert.Contains("42", results[0].Output, StringComparison.Ordinal);
        Assert.Contains("Honk.", results[1].Output, StringComparison.Ordinal);
        Assert.True(results[2].IsError);
        Assert.Contains("leads", results[4].Output, StringComparison.Ordinal);
        Assert.Contains("Resource 1", results[5].Output, StringComparison.Ordinal);
        Assert.Equal([false, false, true, false, false, false], results.Select(r => r.IsError));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_server_s_prompt_is_called_by_a_slash_once_it_ran()
    {
        await AddAsync("everything", "server-everything", "stdio");
        await _user.GoodAsync("mcp", "test");

        var listed = await _user.GoodAsync("commands");
        var used = await _user.GoodAsync("run", "--json", "--model", _user.Script("Done."), "/everything:args-prompt Berlin");

        Assert.Contains("/everything:args-prompt city [state]", listed.Out, StringComparison.Ordinal);
        Assert.Contains("What's weather in Berlin?", used.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task One_that_is_killed_in_the_middle_of_a_call_is_an_error_and_the_next_call_starts_it_again()
    {
        await AddAsync("everything", "server-everything", "stdio", _user.Project);
        var model = _user.ScriptOf(
            Call("mcp__everything__trigger-long-running-operation", new { duration = 600, steps = 600 }), Call("mcp__everything__echo", new { message = "back" }), new { type = "text", text = "Done." });
        using var run = _user.Start("run", "--mode", "auto", "--json", "--model", model, "Go.");
        run.Input.Close();

        await run.EventsUntilAsync("tool.started");
        using (var server = Process.GetProcessById(await PidAsync(_user.Project)))
            server.Kill();
        var ended = await run.EndAsync();

        Assert.True(ended.Code == 0, ended.ToString());
        var results = Results(ended.Out);
        Assert.True(results[0].IsError);
        Assert.StartsWith("The MCP server 'everything' failed: ", results[0].Output, StringComparison.Ordinal);
        Assert.Equal(("Echo: back", false), results[1]);
    }

    private static object Call(string tool, object arguments) => new { type = "call", tool, arguments };

    private static List<(string Output, bool IsError)> Results(string events) =>
    [
        .. events.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))
            .Where(e => e.GetProperty("type").GetString() == "part.added")
            .Select(e => e.GetProperty("data").GetProperty("content"))
            .Where(c => c.GetProperty("type").GetString() == "tool_result")
            .Select(c => (c.GetProperty("output").GetString()!, c.TryGetProperty("is_error", out var error) && error.GetBoolean())),
    ];

    private async Task AddAsync(string name, string package, params string[] arguments) =>
        await _user.GoodAsync(["mcp", "add", name, "--", "node", Script(package), .. arguments]);

    private static string Script(string package) => Path.Combine(Requires.Npm($"@modelcontextprotocol/{package}"), "dist", "index.js");

    private static async Task<int> PidAsync(string mark)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-eo", "pid=,args="]) { RedirectStandardOutput = true })!;
        var lines = (await ps.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n');
        var line = Assert.Single(lines, l => l.EndsWith(" stdio " + mark, StringComparison.Ordinal) && l.TrimStart().Split(' ')[1] == "node");
        return int.Parse(line.TrimStart().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
