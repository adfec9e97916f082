using System.Globalization;
using Skein.Testing;
using Xunit.v3;

namespace Skein.EndToEnd;

/// <summary>A terminal with a program in it, at which a test types and which it looks at: a pane of a tmux of its own.</summary>
public sealed class Pane : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(25);
    private readonly User _user;
    private readonly string _tmux;

    private Pane(User user) =>
        (_user, _tmux) = (user, $"LC_ALL=C.UTF-8 tmux -u -f /dev/null -S '{Path.Combine(Path.GetDirectoryName(user.Home)!, $"tmux-{Guid.NewGuid():N}")}'");

    /// <summary>Opens one in the project, and runs a shell line in it that knows the program as <c>skein</c>.</summary>
    public static async Task<Pane> OpenAsync(User user, string line, int width = 80, int height = 30)
    {
        Requires.Programs("tmux");
        var pane = new Pane(user);
        // The shell stays, so that what the program leaves behind can be looked at.
        await pane.TmuxAsync($"new-session -d -x {width} -y {height} {Quoted($"{line}; echo \"ended with $?\"; exec sh")}");
        return pane;
    }

    /// <summary>Types a text as it is.</summary>
    public Task TypeAsync(string text) => TmuxAsync($"send-keys -l {Quoted(text)}");

    /// <summary>Presses keys, by tmux's names.</summary>
    public Task PressAsync(params string[] keys) => TmuxAsync($"send-keys {string.Join(' ', keys.Select(Quoted))}");

    public async Task PasteAsync(string text)
    {
        await TmuxAsync($"set-buffer {Quoted(text)}");
        await TmuxAsync("paste-buffer -p");
    }

    public Task ResizeAsync(int width, int height) =>
        TmuxAsync(string.Create(CultureInfo.InvariantCulture, $"resize-window -x {width} -y {height}"));

    /// <summary>What is on the screen, without what is blank at its end.</summary>
    public async Task<string> LookAsync() => (await TmuxAsync("capture-pane -p")).TrimEnd();

    /// <summary>All that was ever shown.</summary>
    public async Task<string> LookBackAsync() => (await TmuxAsync("capture-pane -p -S -")).TrimEnd();

    /// <summary>Waits until a text is on the screen.</summary>
    /// <returns>The screen.</returns>
    public Task<string> SeeAsync(string text) => SeeAsync(screen => screen.Contains(text, StringComparison.Ordinal), $"'{text}'");

    /// <summary>Waits until the screen is as it should be.</summary>
    public async Task<string> SeeAsync(Func<string, bool> isRight, string what)
    {
        // Half of what the test may take, so that its failure shows the screen; one with an agent that is slow to start may take more.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(((IXunitTest)TestContext.Current.Test!).Timeout / 2);
        var screen = "";
        try
        {
            while (!isRight(screen = await LookAsync()))
                await Task.Delay(s_pause, patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what} never came. The screen shows:\n{screen}");
        }

        return screen;
    }

    public async ValueTask DisposeAsync()
    {
        // It is gone where its shell has ended.
        await _user.ShellAsync($"{_tmux} kill-server 2>/dev/null || true");
    }

    private async Task<string> TmuxAsync(string command)
    {
        var run = await _user.ShellAsync($"{_tmux} {command}");
        Assert.True(run.Code == 0, $"tmux {command}: {run}");
        return run.Out;
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
