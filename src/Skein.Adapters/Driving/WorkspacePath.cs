using Skein.Sandbox;

namespace Skein.Adapters.Driving;

/// <summary>Where the paths lead that a driven agent names.</summary>
internal static class WorkspacePath
{
    /// <summary>Whether a path is inside the workspace, by where links lead; whoever is in doubt asks.</summary>
    /// <param name="path">Null: none was told.</param>
    public static bool IsWithin(string? path, string workspace)
    {
        try
        {
            return path is not null && RealPath.IsWithin(RealPath.Of(workspace), RealPath.Of(Path.GetFullPath(path, workspace)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
