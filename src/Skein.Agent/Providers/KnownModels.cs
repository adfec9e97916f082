using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Skein.Agent.Providers;

/// <summary>What is known of a model; null: not known.</summary>
/// <param name="Context">Tokens that fit, the answer's included.</param>
/// <param name="Output">The most tokens of one answer.</param>
/// <param name="Temperature">Whether it takes a temperature; what thinks mostly refuses one.</param>
/// <param name="ThinkingBudget">Whether it is asked to think by a number of tokens and not by an effort.</param>
/// <param name="Images">Whether it can be shown pictures.</param>
/// <param name="Tools">How it calls tools.</param>
public sealed record ModelFacts(
    int? Context = null, int? Output = null, Price? Price = null, bool? Temperature = null, bool? ThinkingBudget = null, bool? Images = null, ToolCalling? Tools = null)
{
    public static ModelFacts Nothing { get; } = new();

    /// <summary>What is said here over what is known elsewhere.</summary>
    public ModelFacts Over(ModelFacts known) => new(Context ?? known.Context, Output ?? known.Output, Price ?? known.Price, Temperature ?? known.Temperature, ThinkingBudget ?? known.ThinkingBudget, Images ?? known.Images, Tools ?? known.Tools);
}

/// <summary>How a model calls tools.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ToolCalling>))]
public enum ToolCalling
{
    /// <summary>By its provider's API.</summary>
    Native,

    /// <summary>In its text, as the prompt teaches it.</summary>
    Prompt,
}

/// <summary>The table of prices and limits that comes with the program: <c>models.json</c> beside this file, with its date and its sources.</summary>
public static partial class KnownModels
{
    private static readonly Lazy<Table> s_table = new(Load);

    /// <summary>When the table was made.</summary>
    public static DateOnly Date => s_table.Value.Date;

    /// <summary>Where its numbers are from.</summary>
    public static IReadOnlyList<string> Sources => s_table.Value.Sources;

    /// <summary>All that it knows, by <c>provider/name</c>.</summary>
    public static IReadOnlyDictionary<string, ModelFacts> All => s_table.Value.Models;

    /// <summary>
    /// What is known of <c>provider/name</c>. A dated release is known by its name without the date; what is behind a router
    /// (<c>openrouter/maker/name</c>) by its maker's; what runs on one's own machine costs nothing.
    /// </summary>
    public static ModelFacts Find(string model)
    {
        for (var name = model; ; name = name[(name.IndexOf('/') + 1)..])
        {
            if ((All.GetValueOrDefault(name) ?? All.GetValueOrDefault(WithoutDate(name))) is { } facts)
                return facts;
            if (name.Split('/') is not [_, _, _, ..])
                break;
        }

        return model.StartsWith("ollama/", StringComparison.Ordinal) || model.StartsWith($"{ModelCatalog.Scripted}/", StringComparison.Ordinal)
            ? new ModelFacts(Price: new Price(0, 0))
            : ModelFacts.Nothing;
    }

    /// <summary>The model of a provider that is for small work; null: none is known.</summary>
    public static string? SmallOf(string provider) => s_table.Value.Small.GetValueOrDefault(provider);

    private static string WithoutDate(string name) => DateAtEnd().Replace(name, "");

    // claude-haiku-4-5-20251001, gpt-5.5-2026-04-23
    [GeneratedRegex(@"-20\d\d-?[01]\d-?[0-3]\d\z")]
    private static partial Regex DateAtEnd();

    private static Table Load()
    {
        using var stream = typeof(KnownModels).Assembly.GetManifestResourceStream("providers/models.json")!;
        return JsonSerializer.Deserialize(stream, TableJson.Default.Table)!;
    }

    internal sealed record Table(
        DateOnly Date, IReadOnlyList<string> Sources, IReadOnlyDictionary<string, string> Small, IReadOnlyDictionary<string, ModelFacts> Models);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KnownModels.Table))]
internal sealed partial class TableJson : JsonSerializerContext;
