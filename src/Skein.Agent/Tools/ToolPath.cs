using Skein.Sandbox;

namespace Skein.Agent.Tools;

/// <summary>A path that the model named, without links: what is judged is what is used.</summary>
/// <param name="Real">Absolute.</param>
/// <param name="Subject">Relative to the workspace with '/', <c>.</c> for the workspace itself; absolute when outside.</param>
internal sealed record ToolPath(string Real, string Subject, bool Outside)
{
    /// <param name="path">Relative to the workspace, or absolute.</param>
    public static ToolPath Resolve(string path, ToolContext context, ToolSettings settings)
    {
        if (path.Length == 0 || path.Contains('\0'))
            throw new ToolInputException("A path must not be empty or contain U+0000.");

        try
        {
            var workspace = RealPath.Of(context.Workspace);
            var real = RealPath.Of(Path.GetFullPath(path, workspace));
            if (settings.HiddenFolders.Any(hidden => RealPath.IsWithin(RealPath.Of(hidden), real)))
                throw new ToolInputException($"'{path}' is in a folder of Skein's own, which tools cannot reach.");

            return RealPath.IsWithin(workspace, real)
                ? new ToolPath(real, Path.GetRelativePath(workspace, real).Replace(Path.DirectorySeparatorChar, '/'), Outside: false)
                : new ToolPath(real, real, Outside: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path}' cannot be resolved: {e.Message}");
        }
    }

    /// <summary>The intent of a call that only reads here.</summary>
    public ToolIntent Reading(string title) => new(ToolEffect.Read, Subject, title, Outside: Outside);
}
