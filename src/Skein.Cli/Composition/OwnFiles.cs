namespace Skein.Cli.Composition;

/// <summary>How files are made that only their user may read.</summary>
internal static class OwnFiles
{
    public static FileStreamOptions Appending()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
