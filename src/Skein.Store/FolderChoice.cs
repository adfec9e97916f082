using Skein.Core;

namespace Skein.Store;

/// <summary>Which folders' sessions were asked for, made ready to be compared with many: those of a folder, those of a project, those of neither.</summary>
/// <param name="workspace">As <see cref="SessionQuery"/> has it, and so are the others.</param>
internal sealed class FolderChoice(string? workspace, Project? project, IReadOnlyList<string>? notIn)
{
    private readonly string? _workspace = workspace is null ? null : Folder(workspace);

    public bool Has(SessionKeys session)
    {
        if (_workspace is null && project is null && notIn is null)
            return true;
        var folder = Folder(session.Workspace);
        var asked = folder == _workspace || (project is not null ? session.Project == project : _workspace is null);
        return asked && notIn?.Contains(folder) is not true;
    }

    private static string Folder(string path) => Path.TrimEndingDirectorySeparator(path);
}
