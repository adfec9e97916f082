using Skein.Sandbox;

namespace Skein.Agent.Tools;

/// <summary>A path that the model named, without links: what is judged is what is used.</summary>
/// <param name="Real">Absolute.</param>
/// <param name="Subject">Relative to the workspace with '/', <c>.</c> for the workspace itself; absolute when outside.</param>
/// <param name="Named">As it was named, relative to the workspace; null: the name has no links.</param>
internal sealed record ToolPath(string Real, string Subject, bool Outside, string? Named)
{
    /// <param name="path">Relative to the workspace, or absolute.</param>
    /// <exception cref="ToolInputException">It cannot be used, or leads elsewhere than when it was judged.</exception>
    public static ToolPath Resolve(string path, ToolContext context, ToolSettings settings)
    {
        var resolved = Resolve(path, context.Workspace, settings);
        return context.Judged is null || context.Judged == resolved.Subject
            ? resolved
            : throw new ToolInputException($"'{path}' leads to another place than a moment ago, when it was judged: somebody changes links meanwhile.");
    }

    /// <inheritdoc cref="Resolve(string, ToolContext, ToolSettings)"/>
    public static ToolPath Resolve(string path, string folder, ToolSettings settings)
    {
        if (path.Length == 0 || path.Contains('\0'))
            throw new ToolInputException("A path must not be empty or contain U+0000.");

        try
        {
            var workspace = RealPath.Of(folder);
            var full = Path.GetFullPath(path, workspace);
            var real = RealPath.Of(full);
            var named = real == full ? null : Relative(workspace, full);
            if (settings.HiddenFolders.Any(hidden => RealPath.IsWithin(RealPath.Of(hidden), real)))
                throw new ToolInputException($"'{path}' is in a folder of Skein's own, which tools cannot reach.");

            return RealPath.IsWithin(workspace, real)
                ? new ToolPath(real, Relative(workspace, real), Outside: false, named)
                : new ToolPath(real, real, Outside: true, named);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path}' cannot be resolved: {e.Message}");
        }
    }

    private static string Relative(string workspace, string path) =>
        Path.GetRelativePath(workspace, path).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>The intent of a call that only reads here.</summary>
    public ToolIntent Reading(string title) => new(ToolEffect.Read, Subject, title, Outside: Outside);
}
