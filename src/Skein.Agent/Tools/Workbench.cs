using Skein.Agent.Tools.Jobs;

namespace Skein.Agent.Tools;

/// <summary>
/// What tools keep of a session between calls: which files it has seen, where its commands begin, its background jobs, its list of what is
/// to be done. Its agent owns it; it ends with that. Safe for use by many threads.
/// </summary>
public sealed class Workbench : IAsyncDisposable
{
    private volatile string? _folder;
    private volatile IReadOnlyList<Todo>? _todos;

    /// <summary>Where the next command begins: absolute, without links; null: in the workspace.</summary>
    internal string? Folder
    {
        get => _folder;
        set => _folder = value;
    }

    /// <summary>Null: nothing was said of it since the agent was made.</summary>
    internal IReadOnlyList<Todo>? Todos
    {
        get => _todos;
        set => _todos = value;
    }

    internal SeenFiles Seen { get; } = new();

    internal JobList Jobs { get; } = new();

    /// <summary>Something that was started goes on.</summary>
    public bool IsBusy => Jobs.AnyRuns;

    public ValueTask DisposeAsync() => Jobs.DisposeAsync();
}
