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
        await RequireMountsAsync();
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

    [Fact(Timeout = 120_000)]
    public async Task A_file_for_which_there_is_no_room_stays_as_it_was_and_the_model_is_told()
    {
        await RequireMountsAsync();
        var much = new string('x', 600_000);
        var model = _user.ScriptOf(
            new { type = "call", tool = "read", arguments = new { path = "pond.txt" } },
            new { type = "call", tool = "edit", arguments = new { path = "pond.txt", old_string = "geese", new_string = much } },
            new { type = "call", tool = "write", arguments = new { path = "pond.txt", content = much } },
            new { type = "call", tool = "write", arguments = new { path = "new.txt", content = much } },
            new { type = "text", text = "There is no room." });
        var script = _user.Write("full.sh", $$"""
            set -eu
            mkdir full
            mount -t tmpfs -o size=400k none full
            cd full
            echo 'All geese are here.' > pond.txt
            skein run --mode auto --model '{{model}}' 'Fill the pond.' 2>&1
            skein stop >/dev/null
            cat pond.txt
            ls -A
            """);

        var run = await _user.ShellAsync($"unshare --user --map-root-user --mount sh '{script}'");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("There is no room.\n", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("\nAll geese are here.\npond.txt\n", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, Times("'pond.txt' cannot be written: No space left on device", run.Out));
        Assert.Equal(1, Times("'new.txt' cannot be written: No space left on device", run.Out));
    }

    private static int Times(string text, string where) => where.Split(text).Length - 1;

    private async Task RequireMountsAsync()
    {
        Requires.Programs("unshare");
        var probe = await _user.ShellAsync("unshare --user --map-root-user --mount true");
        Assert.SkipWhen(probe.Code != 0, $"This machine lets nobody mount: {probe.Error}");
    }
}
