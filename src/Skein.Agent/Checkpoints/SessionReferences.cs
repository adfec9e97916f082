using System.Text;
using Skein.Core;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// The references of sessions in a repository of Skein's own, told and moved without git where that is simple. Safe for use by many threads;
/// one session's is moved by one at a time.
/// </summary>
/// <param name="folder">The repository.</param>
internal sealed class SessionReferences(string folder)
{
    /// <summary>What their names begin with.</summary>
    public const string Prefix = "refs/sessions/";

    private const string Lock = ".lock";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Whether there surely is none. Otherwise git is to be asked.</summary>
    public bool IsMissing(SessionId session)
    {
        // In this order: who packs them writes the one before it deletes the other.
        if (File.Exists(FileOf(session)))
            return false;
        var packed = Path.Combine(folder, "packed-refs");
        return !File.Exists(packed) || !File.ReadLines(packed, Encoding.ASCII).Any(line => line.EndsWith(Prefix + session, StringComparison.Ordinal));
    }

    /// <summary>Takes away what a process that was killed while moving one left. To be called before anybody moves any.</summary>
    public void Unlock()
    {
        foreach (var left in Directory.EnumerateFiles(Path.Combine(folder, Prefix), "*" + Lock))
            File.Delete(left);
    }

    /// <summary>Moves it as git does: by a file that is its lock, and becomes it.</summary>
    /// <exception cref="IOException">Somebody else is moving it, or packing them.</exception>
    public void Move(SessionId session, string commit)
    {
        // Git takes the folder away when it packed all.
        Directory.CreateDirectory(Path.Combine(folder, Prefix));
        var options = LooseObjects.NewFile(Mode);

        // On the disk before it has the name: a power failure must not leave an empty reference, which git takes for damage.
        options.Options = FileOptions.WriteThrough;
        using (var file = new FileStream(LockOf(session), options))
            file.Write(Encoding.ASCII.GetBytes(commit + "\n"));
        File.Move(LockOf(session), FileOf(session), overwrite: true);
    }

    private string FileOf(SessionId session) => Path.Combine(folder, Prefix + session);

    private string LockOf(SessionId session) => FileOf(session) + Lock;
}
