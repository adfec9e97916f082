using System.Text.Json.Nodes;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A session leaves as one file, and comes back equal.</summary>
public sealed class ExportTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task What_is_exported_and_read_back_is_equal_also_in_another_home()
    {
        var session = await EventfulSessionAsync();
        var before = await SaidAsync(session);

        await _user.GoodAsync("export", session, "--output", "geese.skein");
        var piped = await _user.ShellAsync($"skein export {session} | skein import - --json");
        var import = (await _user.GoodAsync("import", "geese.skein")).Out.Trim();

        Assert.NotEqual(session, import);
        Assert.Equal(before, await SaidAsync(import));
        Assert.Equal(0, piped.Code);
        Assert.Equal(before, await SaidAsync(JsonNode.Parse(piped.Out)!["id"]!.GetValue<string>()));
        Assert.Equal(session, (await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("imported").GetProperty("id").GetString());

        await using var other = new User();
        var elsewhere = (await other.GoodAsync("import", Path.Combine(_user.Project, "geese.skein"))).Out.Trim();
        Assert.Equal(before, await SaidAsync(elsewhere, other));
        Assert.Contains("│ 20000\n", (await other.GoodAsync("show", elsewhere, "--all", "--tools")).Out, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_user.Project, "*.tmp"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_damaged_or_foreign_file_is_refused_with_its_line_and_nothing_is_made()
    {
        var session = await EventfulSessionAsync();
        await _user.GoodAsync("export", session, "-o", "good.skein");
        var lines = await File.ReadAllLinesAsync(Path.Combine(_user.Project, "good.skein"), Cancellation);
        var sessions = (await _user.JsonAsync("ls")).GetProperty("items").GetArrayLength();
        (string Text, string Told)[] bad =
        [
            ("", "line 1 is missing"),
            ("Dear diary\n", "line 1 is not the first line of a Skein export"),
            ("{\"id\":7}\n", "line 1 is not the first line of a Skein export"),
            (Joined(lines[..^1]), $"line {lines.Length} is missing: the file was cut off"),
            (Joined([.. lines[..3], lines[3].Replace("geese", "goose", StringComparison.Ordinal).Replace("\"at\":\"2", "\"at\":\"3", StringComparison.Ordinal), .. lines[4..]]), "line 4 is damaged"),
            (Joined([.. lines[..5], .. lines[6..]]), "before it"),
            (Joined([.. lines[..5], lines[4], .. lines[5..]]), "line 6 has the event"),
            (Joined([.. lines, lines[^1]]), "comes after the end"),
            (Joined([lines[0].Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal), .. lines[1..]]), "version 2"),
        ];

        foreach (var (text, told) in bad)
        {
            var run = await _user.RunAsync("import", _user.Write("bad.skein", text));

            Assert.Equal(1, run.Code);
            Assert.Contains(told, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        }

        Assert.Equal(2, (await _user.RunAsync("import", "no-such-file")).Code);
        Assert.Equal(sessions, (await _user.JsonAsync("ls")).GetProperty("items").GetArrayLength());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_mode_that_a_file_tells_of_is_not_taken()
    {
        await _user.GoodAsync("run", "--mode", "auto", "--model", _user.Script("Hi."), "Hello.");
        await _user.GoodAsync("export", "--output", "auto.skein");

        await _user.GoodAsync("import", "auto.skein");

        Assert.Equal("ask", (await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("mode").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Markdown_is_for_reading_and_json_for_programs()
    {
        Requires.Programs("bwrap");
        var model = _user.ScriptOf(new { type = "call", tool = "bash", arguments = new { command = "echo '```'; printf '\\033[31mred'" } }, new { type = "text", text = "Done." });
        await _user.GoodAsync("run", "--mode", "auto", "--model", model, "Count the geese.");

        var markdown = (await _user.GoodAsync("export", "--format", "markdown")).Out;
        var json = JsonNode.Parse((await _user.GoodAsync("export", "--format", "json")).Out)!;

        Assert.StartsWith("# Count the geese.\n", markdown, StringComparison.Ordinal);
        Assert.Contains("## You\n\nCount the geese.\n", markdown, StringComparison.Ordinal);
        Assert.Contains("\n````\n```\nred\n````\n", markdown, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', markdown);
        Assert.Equal("Count the geese.", json["session"]!["title"]!.GetValue<string>());
        Assert.Equal(3, json["messages"]!.AsArray().Count);
        Assert.Equal(2, (await _user.RunAsync("export", "--format", "pdf")).Code);
    }

    // Calls, content too big for an event, a call that failed, an edit, a rewind that is final, a fork.
    private async Task<string> EventfulSessionAsync()
    {
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = "seq 1 20000" } }, new { type = "text", text = "Many geese." },
            new { type = "call", tool = "read", arguments = new { path = "no-such-file" } }, new { type = "text", text = "None." },
            new { type = "text", text = "Forgotten." }, new { type = "text", text = "Kept." }, new { type = "text", text = "In the fork." });
        await _user.GoodAsync("run", "--mode", "auto", "--model", model, "Count the geese 🦢");
        await _user.GoodAsync("run", "-c", "And the swans?");
        await _user.GoodAsync("run", "-c", "Forget this.");
        await _user.GoodAsync("rewind", "last");
        await _user.RunAsync("run", "-c", "Keep this.");

        var socket = (await _user.JsonAsync("status")).GetProperty("socket").GetString()!;
        await using var client = SkeinClient.ForSocket(socket);
        var origin = (await client.ListAsync(new SessionQuery(), Cancellation)).Items[0].Id;
        var first = (await client.ListMessagesAsync(origin, null, 100, Cancellation)).Items[0];
        await client.EditMessageAsync(origin, first.Id, new MessageChange([new TextPart("Count all the geese 🦢")]), Cancellation);
        var fork = (await _user.GoodAsync("fork", origin.Value)).Out.Trim();
        await _user.RunAsync("run", "-s", fork, "Go on.");
        return fork;
    }

    private static string Joined(IEnumerable<string> lines) => string.Concat(lines.Select(l => l + "\n"));

    // All but ids and times, which are the new session's own.
    private static async Task<string> SaidAsync(string session, User user)
    {
        var messages = JsonNode.Parse((await user.GoodAsync("show", session, "--all", "--json")).Out)!["items"]!.AsArray();
        var turns = new List<string?>();
        foreach (var message in messages)
        {
            foreach (var own in (string[])["id", "seq", "created_at", "updated_at"])
                message!.AsObject().Remove(own);
            var turn = message!["turn"]?.GetValue<string>();
            if (!turns.Contains(turn))
                turns.Add(turn);
            message["turn"] = turns.IndexOf(turn);
            foreach (var part in message["parts"]!.AsArray())
                part!.AsObject().Remove("id");
        }

        Assert.True(messages.Count >= 8, messages.ToJsonString());
        return messages.ToJsonString();
    }

    private Task<string> SaidAsync(string session) => SaidAsync(session, _user);
}
