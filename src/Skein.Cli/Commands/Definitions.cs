using System.Text.Json.Nodes;
using Skein.Agent.Definitions;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Commands;

/// <summary>What lists of skills and commands say of those that do not count.</summary>
internal static class Definitions
{
    public static void Complain(Surroundings surroundings, string what, IReadOnlyList<string> untrusted, IReadOnlyList<DefinitionException> problems)
    {
        foreach (var path in untrusted)
        {
            surroundings.Error.WriteLine(
                File.Exists(path)
                    ? $"skein: {TerminalText.CleanLine(path)} does not count: a link on its way leads out of the folders that you trust."
                    : $"skein: {TerminalText.CleanLine(path)} is not trusted, its {what} do not count: skein trust",
                Style.Warning);
        }

        foreach (var problem in problems)
            surroundings.Error.WriteLine($"skein: {TerminalText.CleanLine(problem.Message)}", Style.Bad);
    }

    public static JsonArray Json(IReadOnlyList<DefinitionException> problems) =>
        new([.. problems.Select(p => new JsonObject { ["file"] = p.File, ["line"] = p.Line, ["problem"] = p.Message })]);
}
