using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Sessions that somebody began with an agent alone, gone on with in Skein.</summary>
public sealed class AdoptionTests : IAsyncDisposable
{
    private const string Id = "01a1fbb6-b00c-7f12-a546-146ae32cfcc6";

    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task They_are_listed_taken_over_once_and_found_by_the_agents_id()
    {
        _user.Variables["CODEX_HOME"] = Path.Combine(_user.OwnFolder, ".codex");
        var file = Path.Combine(_user.OwnFolder, ".codex", "sessions", "2026", "11", "21", $"rollout-2026-11-21T01-26-56-{Id}.jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllLinesAsync(file,
        [
            Line("session_meta", new { id = Id, cwd = _user.Project, source = "cli" }),
            Line("response_item", new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "<environment_context>\n</environment_context>" } } }),
            Line("turn_context", new { model = "gpt-goose" }),
            Line("response_item", new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "Remember the pond" } } }),
            """{"timestamp":"2026-11-21T01:26:57Z","type":"respon""",
            Line("response_item", new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text = "I will." } } }),
        ], TestContext.Current.CancellationToken);

        var listed = await _user.JsonAsync("import", "--from", "codex");
        var first = await _user.GoodAsync("import", "--from", "codex", Id[..13]);
        var second = await _user.GoodAsync("import", "--from", "codex", Id);
        var shown = await _user.GoodAsync("show", Id);
        var after = await _user.JsonAsync("import", "--from", "codex");
        var unknown = await _user.RunAsync("import", "--from", "codex", "no-such");

        var found = Assert.Single(listed.GetProperty("sessions").EnumerateArray());
        Assert.Equal((Id, "Remember the pond", JsonValueKind.Null), (found.GetProperty("id").GetString(), found.GetProperty("title").GetString(), found.GetProperty("session").ValueKind));
        Assert.Contains($"{file}, line 5: is no JSON", first.Error, StringComparison.Ordinal);
        Assert.Equal(first.Out, second.Out);
        Assert.Contains("Remember the pond", shown.Out, StringComparison.Ordinal);
        Assert.Contains("I will.", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("environment_context", shown.Out, StringComparison.Ordinal);
        Assert.Equal(first.Out.Trim(), after.GetProperty("sessions")[0].GetProperty("session").GetString());
        Assert.Equal(2, unknown.Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_folder_that_is_trusted_says_in_which_container_its_agents_work()
    {
        Requires.Programs("node");
        var docker = Path.Combine(_user.OwnFolder, "engine");
        await File.WriteAllTextAsync(docker, $"#!/bin/bash\necho \"$@\" > {docker}.told\nwhile [ \"$1\" != pond ]; do shift; done; shift; exec \"$@\"\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(docker, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _user.Install("docker", docker);
        _user.Write("skein.json", """{"workspace":"container:pond"}""");
        _user.Variables["SKEIN_CONFIG"] = Path.Combine(_user.OwnFolder, "user.json");
        await File.WriteAllTextAsync(
            Path.Combine(_user.OwnFolder, "user.json"),
            JsonSerializer.Serialize(new { agents = new { stand = new { command = AcpStandIn.Command(_user.OwnFolder) } } }), TestContext.Current.CancellationToken);

        await _user.GoodAsync("run", "--agent", "stand", "echo outside");
        var untrusted = File.Exists(docker + ".told");
        await _user.GoodAsync("trust");
        var inside = await _user.GoodAsync("run", "--agent", "stand", "echo inside");

        Assert.False(untrusted);
        Assert.Contains("You said: inside", inside.Out, StringComparison.Ordinal);
        Assert.StartsWith($"exec --interactive --workdir {_user.Project}", await File.ReadAllTextAsync(docker + ".told", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static string Line(string type, object payload) => JsonSerializer.Serialize(new { timestamp = "2026-11-21T01:26:56Z", type, payload });
}
