using Skein.Cli.Composition;
using Skein.Sandbox;

namespace Skein.Cli.Background;

/// <summary>How this program is started once more.</summary>
internal static class Self
{
    public static string Program { get; } = Environment.ProcessPath
        ?? throw new InvalidOperationException("The path of this program is not known.");

    /// <summary>What comes before its own arguments: where <c>dotnet</c> runs it, its file.</summary>
    public static IReadOnlyList<string> Arguments { get; } =
        Path.GetFileNameWithoutExtension(Program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "skein.dll")] : [];

    /// <summary>All that this process was given, so that providers find their keys, and the home as it was understood here.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentFor(SkeinHome home) =>
        new Dictionary<string, string>(ChildEnvironment.Current(), StringComparer.Ordinal) { [SkeinHome.Variable] = home.Path };
}
