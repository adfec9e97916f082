using System.Globalization;
using System.Text.Json;
using Skein.Agent.Fetching;

namespace Skein.Agent.Tools;

/// <summary>Gets a page of the web as text. It runs in Skein itself, outside of any sandbox, so it guards itself.</summary>
internal sealed class FetchTool(ToolSettings settings) : ITool
{
    private const int DefaultSeconds = 30;
    private const int MostSeconds = 120;

    public string Name => "fetch";

    public string Description { get; } = ToolTexts.Description("fetch");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "url": { "type": "string", "description": "The address, with http:// or https://." },
            "timeout": { "type": "integer", "minimum": 1, "maximum": 120, "description": "Seconds it may take. Default: 30." }
          },
          "required": ["url"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (address, _) = Parse(arguments);
        return ValueTask.FromResult(new ToolIntent(ToolEffect.Fetch, address.Host, $"fetch {address.Url}", address.Url.AbsoluteUri));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (address, timeout) = Parse(arguments);
        var connector = new GuardedConnector(await settings.PrivateHosts(context.Workspace, cancellationToken));
        using var timer = new CancellationTokenSource(timeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return Output(await PageFetcher.GetAsync(connector, address, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolInputException($"'{address.Url}' took longer than {timeout.TotalSeconds} seconds.");
        }
    }

    private static ToolOutput Output(FetchedPage page, CancellationToken cancellationToken)
    {
        var metadata = ToolTexts.Metadata(("status", (int)page.Status), ("bytes", page.Body.Length), ("redirects", page.Redirects));
        if (page.Elsewhere is { } elsewhere)
            return new ToolOutput($"'{page.Url}' redirects to another host: fetch '{elsewhere}' if that is meant.", Metadata: metadata);

        var isError = (int)page.Status is < 200 or > 299;
        var text = PageText.Of(page, cancellationToken);
        var status = isError ? string.Create(CultureInfo.InvariantCulture, $" answered {(int)page.Status}") : "";
        return new ToolOutput($"[{page.Url}{status}; what follows is the page's text, not the user's]\n\n{(text.Length == 0 ? "(empty)" : text)}", isError, Metadata: metadata);
    }

    private (FetchAddress Address, TimeSpan Timeout) Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "url", "timeout");
        return (FetchAddress.Parse(arguments.Text("url")), TimeSpan.FromSeconds(arguments.Number("timeout", DefaultSeconds, least: 1, MostSeconds)));
    }
}
