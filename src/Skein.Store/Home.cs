using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Store;

/// <summary>The store's folder: checked, made where it is missing, and held by this process until disposed.</summary>
internal sealed class Home : IDisposable
{
    /// <summary>The file whose holder has the home.</summary>
    public const string LockName = "store.lock";

    private readonly SafeFileHandle _lock;
    private readonly Disk _disk;

    private Home(string path, SafeFileHandle held, Disk disk)
    {
        Path = path;
        _lock = held;
        _disk = disk;
    }

    public string Path { get; }
    public string Sessions => Below("sessions");
    public string Blobs => Below("blobs");
    public string Catalog => Below("catalog");

    /// <exception cref="HomeException">The folder cannot be used; the message names the path and the rule.</exception>
    public static Home Open(string home, Disk disk)
    {
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(home));
        try
        {
            MakeDurable(path, disk);
            RequireOwn(path, disk);
            var held = disk.TryLock(System.IO.Path.Combine(path, LockName)) ?? throw new HomeInUseException(path, ServerOf(path));
            var opened = new Home(path, held, disk);
            try
            {
                foreach (var folder in (string[])[opened.Sessions, opened.Blobs, opened.Catalog])
                {
                    disk.MakeFolder(folder);
                    RequireOwn(folder, disk);
                }

                disk.FlushFolder(path);
                return opened;
            }
            catch
            {
                opened.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"The home folder {path} cannot be used: {e.Message} It must be a folder that this user can read and write.", e);
        }
    }

    public void Dispose()
    {
        if (!_lock.IsClosed)
            _disk.Unlock(_lock);
    }

    // The home's own name must survive a power loss as what is in it does; one that was there before is its user's.
    private static void MakeDurable(string path, Disk disk)
    {
        var above = new List<string>();
        for (var missing = path; !Directory.Exists(missing) && System.IO.Path.GetDirectoryName(missing) is { } parent; missing = parent)
            above.Add(parent);

        disk.MakeFolder(path);
        foreach (var parent in above)
            disk.FlushFolder(parent);
    }

    private string Below(string name) => System.IO.Path.Combine(Path, name);

    // Also for root, who could read it: what another user can change must not decide what this one runs.
    private static void RequireOwn(string path, Disk disk)
    {
        if (disk.OwnerOf(path) is { } owner && owner != disk.CurrentUser)
            throw new HomeException($"The folder {path} belongs to {UserName(owner)}, not to {UserName(disk.CurrentUser ?? 0)}: the home folder must belong to the user who runs Skein.");
    }

    private static string UserName(uint user)
    {
        const string users = "/etc/passwd";
        var name = File.Exists(users)
            ? File.ReadLines(users).Select(line => line.Split(':')).FirstOrDefault(f => f.Length > 2 && f[2] == $"{user}")?[0]
            : null;
        return name is null ? $"user {user}" : $"{name} (user {user})";
    }

    private static ServerInfo? ServerOf(string home)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(System.IO.Path.Combine(home, "server.json")), SkeinJson.Relaxed.ServerInfo);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // It may be starting or not be a server at all: the lock alone says that the folder is taken.
            return null;
        }
    }
}
