using Skein.Agent.Providers;

namespace Skein.Agent.Settings;

/// <summary>Reads what a settings file says of one model.</summary>
internal static class ModelSettings
{
    private const string TokensRule = "must be a number of tokens, 0 or more, or null";
    private const string PriceRule = "must be US dollars per million tokens, from 0 to 1,000,000";

    public static ModelFacts Read(SettingsNode node)
    {
        var facts = ModelFacts.Nothing;
        foreach (var property in node.Properties("context", "output", "price", "temperature", "thinking_budget", "images", "tools"))
        {
            facts = property.Name switch
            {
                "context" => facts with { Context = property.Count(TokensRule) },
                "output" => facts with { Output = property.Count(TokensRule) },
                "temperature" => facts with { Temperature = property.Flag() },
                "thinking_budget" => facts with { ThinkingBudget = property.Flag() },
                "images" => facts with { Images = property.Flag() },
                "tools" => facts with { Tools = ReadTools(property) },
                _ => facts with { Price = ReadPrice(property) },
            };
        }

        return facts;
    }

    public static ToolCalling ReadTools(SettingsNode node) => node.OneOf(("native", ToolCalling.Native), ("prompt", ToolCalling.Prompt));

    private static Price ReadPrice(SettingsNode node)
    {
        var given = node.Properties("input", "output", "reasoning", "cache_read", "cache_write").ToDictionary(p => p.Name, p => p.Amount(PriceRule));
        if (!given.TryGetValue("input", out var input) || !given.TryGetValue("output", out var output))
            throw node.Broken("needs 'input' and 'output': US dollars per million tokens");

        return new Price(input, output, Amount("reasoning"), Amount("cache_read"), Amount("cache_write"));

        decimal? Amount(string name) => given.TryGetValue(name, out var amount) ? amount : null;
    }
}
