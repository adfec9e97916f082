using Skein.Cli.Background;
using Skein.Cli.Composition;

namespace Skein.Cli.Demo;

/// <summary>How a person calls this program from where they stand.</summary>
internal static class Invocation
{
    public static string Of(Surroundings surroundings) =>
        File.Exists(Path.Combine(surroundings.Folder, "src", "Skein.Cli", "Skein.Cli.csproj"))
            ? "dotnet run --project src/Skein.Cli --"
            : string.Join(' ', [Self.Program, .. Self.Arguments]);
}
