using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A disk that is really full: a small file system of its own under the home, which a process can mount in its own namespace.</summary>
public sealed class FullDiskTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task While_the_disk_is_full_prompts_are_refused_reading_goes_on_and_after_it_the_same_server_takes_them()
    {
        Requires.Programs("unshare");
        var probe = await _user.ShellAsync("unshare --user --map-root-user --mount true");
        Assert.SkipWhen(probe.Code != 0, $"This machine lets nobody mount: {probe.Error}");
        var model = _user.Script("First answer.", "Second answer.");
        var script = _user.Write("full.sh", $$"""
            set -eu
            mkdir -p "$SKEIN_HOME"
            mount -t tmpfs -o size=400k,mode=700 none "$SKEIN_HOME"
            skein run --model '{{model}}' 'first' >/dev/null
            before=$(skein status --json)
            cat /dev/zero > "$SKEIN_HOME/filler" 2>/dev/null || true
            long=$(head -c 9000 /dev/zero | tr '\0' x)
            if skein run -s 1 --model '{{model}}' "$long" 2>refused; then exit 7; fi
            skein show 1 > shown
            rm "$SKEIN_HOME/filler"
            skein run -s 1 --model '{{model}}' 'second'
            [ "$(printf %s "$before" | sed 's/.*"pid":\([0-9]*\).*/\1/')" = "$(skein status --json | sed 's/.*"pid":\([0-9]*\).*/\1/')" ]
            skein doctor --json | grep -q '"well":true'
            skein stop >/dev/null
            cat refused shown
            """);

        var run = await _user.ShellAsync($"unshare --user --map-root-user --mount sh '{script}'");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("Second answer.", run.Out, StringComparison.Ordinal);
        Assert.Contains("nothing was appended, the disk refused: No space left on device", run.Out, StringComparison.Ordinal);
        Assert.Contains("First answer.", run.Out, StringComparison.Ordinal);
    }
}
