using System.Net.Http.Headers;
using System.Text;
using Skein.Core.Events;
using Skein.Sandbox;

namespace Skein.Agent.Providers;

/// <summary>
/// The key of a provider from a program of its user's: run at the first call, and again only when the provider refuses the key. Safe for
/// use by many threads.
/// </summary>
internal sealed class KeyCommand(string provider, IReadOnlyList<string> command, TimeProvider time) : IDisposable
{
    private const int LongestKey = 16 << 10;
    private const int LongestComplaint = 300;

    // Somebody may have to touch a key or type a word for it.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _asking = new(1);

    private bool _isRefused;

    /// <summary>The key, once it was asked for.</summary>
    public string? Known { get; private set; }

    /// <summary>Whether it is there without running the program.</summary>
    public bool IsHeld => Known is not null && !_isRefused;

    /// <exception cref="ModelException">The program cannot be run, fails, says no key, or takes too long. What it said is not shown.</exception>
    public async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        if (IsHeld)
            return Known!;

        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (!IsHeld)
                (Known, _isRefused) = (await AskAsync(cancellationToken), false);
            return Known!;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>The provider refused this key: it may have a newer one.</summary>
    public void Refuse(string refused) => _isRefused |= Known == refused;

    /// <summary>Puts a key where a kind of provider looks for it, in place of what a package put there.</summary>
    public static void Authorize(HttpRequestMessage request, string key, ProviderKind kind)
    {
        request.Headers.Remove("x-api-key");
        if (kind == ProviderKind.Anthropic)
            request.Headers.Add("x-api-key", key);
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => _asking.Dispose();

    private async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            await using var child = ChildProcess.Start(new ChildStart(
                command[0], [.. command.Skip(1)], Directory.Exists(home) ? home : "/", ChildEnvironment.Current()) { EndsWithUs = true });
            var errors = ReadAsync(child.Errors, LongestComplaint, either.Token);
            var said = (await ReadAsync(child.Output, LongestKey, either.Token)).Trim();
            var exit = await child.WaitAsync(either.Token);
            if (exit.Code != 0)
                throw Failed($"ended with code {exit.Code}: {(await errors).Trim()}");
            return said.Length > 0 && !said.AsSpan().ContainsAnyExceptInRange('!', '~')
                ? said
                : throw Failed("printed no key: it must be one line of printable ASCII characters without spaces");
        }
        catch (ChildStartException e)
        {
            throw Failed($"cannot be run: {e.Message}");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Failed($"took longer than {s_patience.TotalSeconds:0} seconds");
        }
    }

    private ModelException Failed(string what) =>
        new(FailureKind.Auth, $"The key_command of {provider} ('{command[0]}') {string.Join(' ', what.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))}.");

    // All is read, so that the program can end; no more is kept than is asked for.
    private static async Task<string> ReadAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        var kept = new byte[most];
        var length = 0;
        var buffer = new byte[4096];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            var some = Math.Min(read, most - length);
            buffer.AsSpan(0, some).CopyTo(kept.AsSpan(length));
            length += some;
        }

        return Encoding.UTF8.GetString(kept, 0, length);
    }
}
