using System.Security.Cryptography;
using System.Text;
using Skein.Agent.Mcp;
using Skein.Agent.Settings;
using Skein.Cli.Screen;

namespace Skein.Cli.Composition;

/// <summary>Settles, before a run, what the folder's own settings count for, and says once what of them does not.</summary>
internal static class FolderTrust
{
    /// <param name="home">Where it is kept what was said already.</param>
    /// <param name="trust">The user says that this folder is trusted.</param>
    /// <returns>The settings that hold in the folder.</returns>
    /// <exception cref="SettingsException">A settings file cannot be read or breaks a rule.</exception>
    public static async Task<SkeinSettings> SettleAsync(Surroundings surroundings, SkeinHome home, bool trust, CancellationToken cancellationToken)
    {
        home.Prepare();
        using var settings = new HomeSettings(home, surroundings);
        var loaded = await settings.ReadAsync(surroundings.Folder, cancellationToken);
        var folder = settings.FolderOf(surroundings.Folder, loaded);
        if (trust || (loaded.Ignored.Count > 0 && IsNews(home, [folder, .. loaded.Ignored.Select(i => i.ToString())]) && Ask(surroundings, folder, loaded)))
        {
            await settings.Trusted.TrustAsync(folder, cancellationToken);
            loaded = await settings.ReadAsync(surroundings.Folder, cancellationToken);
        }

        await SettleServersAsync(settings, surroundings, home, cancellationToken);
        if (loaded.UsersAlone.Count > 0)
            surroundings.Error.WriteLine($"skein: what {loaded.UsersAlone[0].File} says of {string.Join(", ", loaded.UsersAlone.Select(i => i.Key))} does not count: that is taken from {settings.UserFile} only", Style.Warning);
        return loaded.Settings;
    }

    // Each is asked about once, and again when it does something else.
    private static async Task SettleServersAsync(HomeSettings settings, Surroundings surroundings, SkeinHome home, CancellationToken cancellationToken)
    {
        var finder = settings.Mcp();
        foreach (var server in (await finder.FindAsync(surroundings.Folder, cancellationToken)).Waiting.Where(s => IsNews(home, [surroundings.Folder, s.Fingerprint])))
        {
            if (!surroundings.CanAsk)
            {
                surroundings.Error.WriteLine(TerminalText.CleanLine($"skein: the MCP server {server.Name} of {McpFinder.FileName} is not started before you agree: skein mcp allow {server.Name}"), Style.Warning);
                continue;
            }

            surroundings.Out.WriteLine(("? ", Style.Warning), (TerminalText.CleanLine($"{McpFinder.FileName} names the MCP server {server.Name}: {server.Where}"), Style.Bold));
            if (Confirm(surroundings, "May it be started for agents that work here?"))
                await finder.AllowAsync(surroundings.Folder, server, cancellationToken);
        }
    }

    private static bool Ask(Surroundings surroundings, string folder, LoadedSettings loaded)
    {
        var keys = string.Join(", ", loaded.Ignored.Select(i => i.Key));
        if (!surroundings.CanAsk)
        {
            surroundings.Error.WriteLine($"skein: {folder} is not trusted, so these of its settings are ignored: {keys} (to trust it: skein trust)", Style.Warning);
            return false;
        }

        surroundings.Out.WriteLine(("? ", Style.Warning), ($"{loaded.Ignored[0].File} sets: {keys}", Style.Bold));
        return Confirm(surroundings, $"Do you trust what is in {folder}?");
    }

    private static bool Confirm(Surroundings surroundings, string question)
    {
        surroundings.Out.Write($"  {question} [y]es, [n]o: ", Style.Warning);
        var answer = surroundings.Input.ReadLine();
        surroundings.Out.LineWasEnded();
        return answer?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    // Asked and told once for what is there: again when the folder wants something else.
    private static bool IsNews(SkeinHome home, IEnumerable<string> what)
    {
        var told = Path.Combine(home.Path, "told");
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', what))));
        if (File.Exists(told) && File.ReadLines(told).Contains(mark))
            return false;

        using var writer = new StreamWriter(told, Encoding.UTF8, OwnFiles.Appending());
        writer.Write(mark + "\n");
        return true;
    }
}
