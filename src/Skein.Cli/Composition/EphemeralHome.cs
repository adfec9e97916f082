using System.Globalization;
using Skein.Agent.Permissions;
using Skein.Cli.Background;
using Skein.Core;

namespace Skein.Cli.Composition;

/// <summary>
/// A home that is gone when its command ends: a folder of the system's place for temporary files, for the user alone. Keys and trust are
/// the user's own, and what was answered with always before counts, but nothing is added to it.
/// </summary>
internal sealed class EphemeralHome : IDisposable
{
    private const string Prefix = "skein-ephemeral-";

    private EphemeralHome(SkeinHome home) => Home = home;

    public SkeinHome Home { get; }

    /// <exception cref="HomeException">The folder cannot be made.</exception>
    public static EphemeralHome Make(Surroundings surroundings)
    {
        var own = SkeinHome.Of(surroundings);
        try
        {
            RemoveLeftOver();
            var folder = Directory.CreateTempSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-")).FullName;
            var remembered = Path.Combine(own.Path, RememberedPermissions.FileName);
            if (File.Exists(remembered))
                File.Copy(remembered, Path.Combine(folder, RememberedPermissions.FileName));
            return new EphemeralHome(new SkeinHome(folder) { Own = own.Path });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"A temporary home cannot be made in {Path.GetTempPath()}: {e.Message}", e);
        }
    }

    public void Dispose() => Directory.Delete(Home.Path, recursive: true);

    // A command that was killed could not remove its own.
    private static void RemoveLeftOver()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var name = Path.GetFileName(folder.AsSpan())[Prefix.Length..];
            var end = name.IndexOf('-');
            if (end < 0 || !int.TryParse(name[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || Processes.IsRunning(pid))
                continue;

            try
            {
                FolderOwner.Require(folder);
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is HomeException or IOException or UnauthorizedAccessException)
            {
                // Another user's, or one that another command removes right now: not ours to worry about.
            }
        }
    }
}
