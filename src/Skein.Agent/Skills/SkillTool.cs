using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Agent.Definitions;
using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core.Events;
using Skein.Sandbox;

namespace Skein.Agent.Skills;

/// <summary>Tells the model what a skill says, or a file of it. Made for one turn, whose calls a used skill may narrow.</summary>
internal sealed class SkillTool : ITool
{
    // Characters of the list; what does not fit is named alone.
    private const int MostListed = 32_000;
    private const int MostFileBytes = 1 << 20;

    private readonly Dictionary<string, Skill> _skills;
    private readonly Lock _using = new();
    private readonly List<string> _allowed = [];
    private volatile PermissionRules? _narrowed;

    public SkillTool(IReadOnlyList<Skill> skills)
    {
        _skills = skills.ToDictionary(s => s.Name, StringComparer.Ordinal);
        Description = Describe(skills);
    }

    public string Name => "skill";

    public string Description { get; }

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "name": { "type": "string", "description": "The skill." },
            "file": { "type": "string", "description": "A file of the skill, as its text names it. Default: the skill's own text." }
          },
          "required": ["name"],
          "additionalProperties": false
        }
        """);

    /// <summary>The gate, stricter: once a skill was used that names its tools, other calls of the turn are asked about.</summary>
    public ToolGate Narrow(ToolGate gate) => gate with
    {
        Decide = async (session, tool, intent, cancellationToken) =>
        {
            var verdict = await gate.Decide(session, tool, intent, cancellationToken);
            return verdict is ToolVerdict.Allow && _narrowed?.Decide(PermissionMode.Ask, tool, intent) is not (null or PermissionDecision.Allow)
                ? new ToolVerdict.Ask(null)
                : verdict;
        },
    };

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (skill, file) = Parse(arguments);
        var subject = file is null ? skill.Name : $"{skill.Name}/{file}";
        return ValueTask.FromResult(new ToolIntent(ToolEffect.Read, subject, $"skill {subject}"));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (skill, file) = Parse(arguments);
        if (file is not null)
            return new ToolOutput(await ReadFileAsync(skill, file, cancellationToken));

        try
        {
            var body = skill.ReadBody();
            Use(skill);
            return new ToolOutput($"# The skill {skill.Name}\nIts files are in {skill.Folder}; read them with this tool, by 'file'.\n\n{body}");
        }
        catch (DefinitionException e)
        {
            throw new ToolInputException(e.Message);
        }
    }

    private void Use(Skill skill)
    {
        if (skill.AllowedTools is not { } tools)
            return;

        // Calls of one step run side by side.
        lock (_using)
        {
            _allowed.AddRange(tools);
            _narrowed = SkillTools.Rules(_allowed);
        }
    }

    private static string Describe(IReadOnlyList<Skill> skills)
    {
        var text = new StringBuilder(ToolTexts.Description("skill")).Append("\n\nThe skills:\n");
        foreach (var skill in skills)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {skill.Name}");
            if (text.Length + skill.Description.Length < MostListed)
                text.Append(": ").Append(skill.Description);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static async Task<string> ReadFileAsync(Skill skill, string name, CancellationToken cancellationToken)
    {
        try
        {
            var folder = RealPath.Of(skill.Folder);
            var path = RealPath.Of(Path.GetFullPath(name, folder));
            if (!RealPath.IsWithin(folder, path))
                throw new ToolInputException($"'{name}' is not in the folder of the skill {skill.Name}.");
            if (!File.Exists(path) || new FileInfo(path).Length is var length && length > MostFileBytes)
                throw new ToolInputException(File.Exists(path) ? $"'{name}' has more than {MostFileBytes} bytes." : $"The skill {skill.Name} has no file '{name}'.");

            using var reader = await TextFile.OpenAsync(path, cancellationToken) ?? throw new ToolInputException($"'{name}' is no text.");
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ToolInputException($"'{name}' of the skill {skill.Name} cannot be read: {e.Message}");
        }
    }

    private (Skill Skill, string? File) Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "name", "file");
        var name = arguments.Text("name").TrimStart('/');
        return _skills.TryGetValue(name, out var skill)
            ? (skill, arguments.OptionalText("file"))
            : throw new ToolInputException($"There is no skill '{name}'; there are: {string.Join(", ", _skills.Keys)}.");
    }
}
