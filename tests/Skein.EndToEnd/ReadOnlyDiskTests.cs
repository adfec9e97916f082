using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A disk that becomes read-only under a running server, as a kernel makes one that fails, and becomes writable again.</summary>
public sealed class ReadOnlyDiskTests : IAsyncDisposable
{
    // What is in each shell: the process of the server stays the same, and at the end all is well.
    private const string Pid = """skein status --json | sed 's/.*"pid":\([0-9]*\).*/\1/'""";

    // The newest session's log is closed: what is open for writing is no longer asked for.
    private const string LetGo = $$"""
        pid=$({{Pid}})
        log=$(echo "$SKEIN_HOME"/sessions/*/*.jsonl)
        id=$(basename "$log" .jsonl)
        curl -sS --unix-socket "$(skein status --json | sed 's/.*"socket":"\([^"]*\)".*/\1/')" -X DELETE "http://localhost/v1/sessions/$id/live"
        """;

    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task While_the_sessions_folder_is_mounted_read_only_appends_are_refused_reading_goes_on_and_after_it_the_same_server_takes_them()
    {
        Requires.Programs("unshare", "curl");
        var probe = await _user.ShellAsync("unshare --user --map-root-user --mount true");
        Assert.SkipWhen(probe.Code != 0, $"This machine lets nobody mount: {probe.Error}");
        var model = _user.Script("First answer.", "Second answer.");

        // A file that is open for writing forbids to mount it read-only: the session is let go first.
        var script = _user.Write("read-only.sh", $$"""
            set -eu
            mkdir -p -m 700 "$SKEIN_HOME" "$SKEIN_HOME/sessions"
            mount -t tmpfs -o size=4m,mode=700 none "$SKEIN_HOME/sessions"
            skein run --model '{{model}}' 'first' >/dev/null
            before=$({{Pid}})
            id=$(basename "$SKEIN_HOME"/sessions/*/*.jsonl .jsonl)
            curl -sS --unix-socket "$(skein status --json | sed 's/.*"socket":"\([^"]*\)".*/\1/')" -X DELETE "http://localhost/v1/sessions/$id/live"
            mount -o remount,ro "$SKEIN_HOME/sessions"
            if skein run -s 1 --model '{{model}}' 'refused' 2>refused; then exit 7; fi
            if skein run --model '{{model}}' 'refused too' 2>not-made; then exit 8; fi
            skein show 1 > shown
            skein search 'First' > found
            skein ls --json > listed
            mount -o remount,rw "$SKEIN_HOME/sessions"
            skein run -s 1 --model '{{model}}' 'second'
            skein run --model '{{model}}' 'another' >/dev/null
            [ "$before" = "$({{Pid}})" ]
            skein doctor --json | grep -q '"well":true'
            skein stop >/dev/null
            cat refused not-made shown found
            [ "$(wc -l < listed)" = 1 ]
            """);

        var run = await SaidAsync(
            $"unshare --user --map-root-user --mount sh '{script}'",
            "cannot be opened for writing: Read-only file system", "could not be made: Read-only file system", "First answer.", "Second answer.");

        Assert.DoesNotContain("refused too", run.Out, StringComparison.Ordinal);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("EROFS", "Read-only file system")]
    [InlineData("EIO", "Input/output error")]
    public async Task While_the_log_that_a_session_has_open_takes_no_writes_it_says_so_and_goes_on_when_it_takes_them(string error, string words)
    {
        await TracedServer.RequireAsync(_user);
        var model = _user.Script("First answer.", "Second answer.");
        var script = _user.Write("refusing.sh", $$"""
            set -eu
            skein run --model '{{model}}' 'first' >/dev/null
            pid=$({{Pid}})
            log=$(echo "$SKEIN_HOME"/sessions/*/*.jsonl)
            size=$(wc -c < "$log")
            {{TracedServer.Begin($"-P \"$log\" -e trace=pwrite64,ftruncate,fsync -e inject=pwrite64,ftruncate,fsync:error={error}")}}
            if skein run -s 1 --model '{{model}}' 'refused' 2>refused; then exit 7; fi
            if skein run -s 1 --model '{{model}}' 'refused again' 2>again; then exit 8; fi
            skein show 1 > shown
            [ "$size" = "$(wc -c < "$log")" ]
            kill $tracer
            wait $tracer || true
            skein run -s 1 --model '{{model}}' 'second'
            [ "$pid" = "$({{Pid}})" ]
            skein doctor --json | grep -q '"well":true'
            skein stop >/dev/null
            grep -q INJECTED trace
            cat refused again shown
            """);

        await SaidAsync(
            $"sh '{script}'",
            words, "First answer.", "Second answer.");
    }

    [Fact(Timeout = 180_000)]
    public async Task While_a_log_may_not_be_written_its_session_takes_no_prompts_reading_goes_on_and_after_it_the_same_server_takes_them()
    {
        Requires.Programs("setpriv", "curl");
        var model = _user.Script("First answer.", "Second answer.");
        var script = _user.Write("forbidden.sh", $$"""
            set -eu
            skein run --model '{{model}}' 'first' >/dev/null
            {{LetGo}}
            chmod 400 "$log"
            chmod 500 "$(dirname "$log")"
            if skein run -s 1 --model '{{model}}' 'refused' 2>refused; then exit 7; fi
            if skein run --model '{{model}}' 'refused too' 2>not-made; then exit 8; fi
            skein show 1 > shown
            chmod 700 "$(dirname "$log")"
            chmod 600 "$log"
            {{GoesOn(model)}}
            cat refused not-made shown
            """);

        // For root nothing is forbidden, unless that right of it is given up.
        await SaidAsync(
            $"[ $(id -u) != 0 ] || as='setpriv --bounding-set -dac_override,-dac_read_search'; $as sh '{script}'",
            "cannot be opened for writing: Access to the path", "could not be made: Access to the path", "First answer.", "Second answer.");
    }

    [Fact(Timeout = 180_000)]
    public async Task While_there_is_no_file_descriptor_for_a_log_that_is_said_another_session_goes_on_and_after_it_the_same_server_takes_all()
    {
        await TracedServer.RequireAsync(_user);
        var model = _user.Script("First answer.", "Second answer.");
        var script = _user.Write("no-descriptor.sh", $$"""
            set -eu
            skein run --model '{{model}}' 'first' >/dev/null
            {{LetGo}}
            skein run --model '{{model}}' 'another' >/dev/null
            {{TracedServer.Begin("-P \"$log\" -e trace=openat -e inject=openat:error=EMFILE")}}
            if skein run -s "$id" --model '{{model}}' 'refused' 2>refused; then exit 7; fi
            if skein show "$id" 2>unread; then exit 8; fi
            skein show 1 > shown
            kill $tracer
            wait $tracer || true
            skein show "$id" >> shown
            {{GoesOn(model)}}
            grep -q INJECTED trace
            cat refused unread shown
            """);

        await SaidAsync(
            $"sh '{script}'",
            "cannot be opened for writing: Too many open files", "cannot be read: Too many open files", "another", "Second answer.");
    }

    /// <summary>Runs a shell line that goes well and says all of this.</summary>
    private async Task<ProgramRun> SaidAsync(string line, params string[] texts)
    {
        var run = await _user.ShellAsync(line);
        Assert.True(run.Code == 0, run.ToString());
        Assert.All(texts, text => Assert.Contains(text, run.Out, StringComparison.Ordinal));
        return run;
    }

    private static string GoesOn(string model) => $"""
        skein run -s "$id" --model '{model}' 'second'
        [ "$pid" = "$({Pid})" ]
        skein doctor --json | grep -q '"well":true'
        skein stop >/dev/null
        """;
}
