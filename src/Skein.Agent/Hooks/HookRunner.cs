using System.Text;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Hooks;

/// <summary>Runs the hooks of an event, one after the other; the first that forbids it is the last. Safe for use by many threads.</summary>
/// <param name="read">The settings for a workspace, which tell the hooks that count there.</param>
/// <param name="tooling">What programs see, and how they are confined.</param>
internal sealed class HookRunner(Func<string, CancellationToken, Task<LoadedSettings>> read, ToolSettings tooling)
{
    private const int MostPrinted = 256 << 10;
    private const int MostErrors = 500;

    /// <summary>The hooks of an event that count now.</summary>
    /// <exception cref="SettingsException">The settings cannot be read.</exception>
    public async Task<IReadOnlyList<Hook>> FindAsync(string workspace, HookEvent on, string? tool, CancellationToken cancellationToken) =>
        [.. (await read(workspace, cancellationToken)).Settings.Hooks.Where(h => h.On == on && (tool is null || Matches(h, tool)))];

    /// <param name="tool">The tool it is about; null: none.</param>
    /// <param name="tell">Adds what the event is about.</param>
    /// <exception cref="SettingsException">The settings cannot be read.</exception>
    public async Task<HookOutcome> RunAsync(Session session, HookEvent on, string? tool, Action<JsonObject> tell, CancellationToken cancellationToken)
    {
        var hooks = await FindAsync(session.Workspace, on, tool, cancellationToken);
        if (hooks.Count == 0)
            return HookOutcome.Silent;

        var e = new JsonObject
        {
            ["event"] = hooks[0].Word, ["session"] = session.Id.Value, ["workspace"] = session.Workspace, ["agent"] = session.Agent,
            ["model"] = session.Model, ["mode"] = session.Mode.ToString().ToLowerInvariant(),
        };
        tell(e);
        var input = e.ToJsonString(SkeinJson.Relaxed.Options) + "\n";
        var all = HookOutcome.Silent;
        foreach (var hook in hooks)
        {
            var one = await RunAsync(hook, session.Workspace, input, cancellationToken);
            all = new HookOutcome(one.Denied, all.Asks ?? one.Asks, $"{all.Context}\n{one.Context}".Trim());
            if (all.Denied is not null)
                break;
        }

        return all;
    }

    private async Task<HookOutcome> RunAsync(Hook hook, string workspace, string input, CancellationToken cancellationToken)
    {
        var start = new ChildStart(hook.Command[0], [.. hook.Command.Skip(1)], RealPath.Of(workspace), tooling.Environment) { Input = ChildInput.Text(input), EndsWithUs = true };
        if (hook.Sandbox)
        {
            var confinement = await tooling.Confine(workspace, cancellationToken);
            if (!confinement.Holds)
                return HookAnswer.Failed(hook, $"it is to run in a sandbox, and there is none{(confinement.Missing is { } missing ? $": {missing}" : ", as the settings say")}");
            start = confinement.Apply(start);
        }

        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(hook.TimeoutSeconds), tooling.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        try
        {
            await using var child = ChildProcess.Start(start);
            var (printing, erring) = (ReadAsync(child.Output, either.Token), ReadAsync(child.Errors, either.Token));
            var (printed, errors) = (await printing, await erring);
            var exit = await child.WaitAsync(either.Token);
            return exit.Code != 0 ? HookAnswer.Failed(hook, $"exit code {exit.Code}{Said(errors)}")
                : printed is null ? HookAnswer.Failed(hook, $"it printed more than {MostPrinted} bytes")
                : HookAnswer.Read(hook, printed);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HookAnswer.Failed(hook, $"it did not end within {hook.TimeoutSeconds} s");
        }
        catch (Exception e) when (e is ChildStartException or IOException)
        {
            return HookAnswer.Failed(hook, e.Message);
        }
    }

    // Driven agents write the same names with capitals.
    private static bool Matches(Hook hook, string tool)
    {
        var glob = Glob.ForText(hook.Tool);
        return glob.MatchesText(tool) || glob.MatchesText(tool.ToLowerInvariant());
    }

    private static string Said(string? errors) =>
        errors?.Trim() is { Length: > 0 } said ? $": {(said.Length <= MostErrors ? said : "… " + said[^MostErrors..])}" : "";

    /// <returns>Null: too much. It is read to its end all the same, since a full pipe would stop the program.</returns>
    private static async Task<string?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        var length = 0L;
        while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            length += read;
            if (length <= MostPrinted)
                kept.Write(buffer, 0, read);
        }

        return length <= MostPrinted ? Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length) : null;
    }
}
