using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A server that dies while it makes a fork.</summary>
public sealed class KilledForkTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task A_half_finished_fork_is_told_by_doctor_left_alone_by_looking_and_gone_with_the_next_start()
    {
        Requires.Programs("curl");
        await TracedServer.RequireAsync(_user);
        var model = _user.Script("First answer.");
        var script = _user.Write("half.sh", $$"""
            set -eu
            skein run --model '{{model}}' 'first' >/dev/null
            pid=$(skein status --json | sed 's/.*"pid":\([0-9]*\).*/\1/')
            socket=$(skein status --json | sed 's/.*"socket":"\([^"]*\)".*/\1/')
            id=$(basename "$SKEIN_HOME"/sessions/*/*.jsonl .jsonl)
            {{TracedServer.Begin("-e trace=rename,renameat,renameat2 -e inject=rename,renameat,renameat2:signal=KILL")}}
            if curl -s --unix-socket "$socket" -X POST -H 'Content-Type: application/json' -d '{}' "http://localhost/v1/sessions/$id/fork"; then exit 7; fi
            wait $tracer || true
            ls "$SKEIN_HOME"/sessions/*/ > left
            skein doctor --json | tee told
            ls "$SKEIN_HOME"/sessions/*/ | cmp - left
            skein show 1 > shown
            ls "$SKEIN_HOME"/sessions/*/ > after
            skein doctor --json > well
            skein fork 1 >/dev/null
            skein show 1 > forked
            skein stop >/dev/null
            """);

        var run = await _user.ShellAsync($"sh '{script}'");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("was left by a process that died: then the next start deletes it", run.Out, StringComparison.Ordinal);
        var results = await _user.ShellAsync("cat left; echo --; cat after; echo --; cat shown; grep -c 'left by a process' well; cat forked; ls \"$SKEIN_HOME\"/sessions/*/ | wc -l");
        Assert.Contains(".jsonl.new\n", results.Out.Split("--")[0], StringComparison.Ordinal);
        Assert.DoesNotContain(".new", results.Out.Split("--")[1], StringComparison.Ordinal);
        Assert.Equal(3, results.Out.Split("First answer.").Length);
        Assert.Contains("\n0\n", results.Out, StringComparison.Ordinal);
        Assert.EndsWith("\n2\n", results.Out, StringComparison.Ordinal);
    }
}
