using System.Text;
using Skein.Agent.Tools;

namespace Skein.Agent.Fetching;

/// <summary>A fetched page as text: pages of HTML become Markdown, other texts stay as they are.</summary>
internal static class PageText
{
    private static readonly string[] s_texts = ["application/json", "application/xml", "application/javascript", "application/x-yaml", "application/yaml", "application/toml"];

    /// <exception cref="ToolInputException">It is no text.</exception>
    public static string Of(FetchedPage page, CancellationToken cancellationToken)
    {
        if (page.Body.Length == 0)
            return "";

        var type = page.Type?.MediaType?.ToLowerInvariant();
        if (type is null ? page.Body.AsSpan().Contains((byte)0) : !IsText(type))
            throw new ToolInputException($"'{page.Url}' is {type ?? "binary"}, {page.Body.Length:N0} bytes, and no text: fetch reads only text.");

        return type is "text/html" or "application/xhtml+xml" || (type is null && page.Body.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("<"u8))
            ? HtmlMarkdown.Of(page.Body, EncodingOf(page), page.Url, cancellationToken)
            : Decode(page.Body, EncodingOf(page) ?? Encoding.UTF8);
    }

    private static bool IsText(string type) =>
        type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("+xml", StringComparison.Ordinal) || type.EndsWith("+json", StringComparison.Ordinal) || s_texts.Contains(type);

    // What the server says goes before what the page says of itself; a name that nobody knows, or that .NET refuses as unsafe (UTF-7), says nothing.
    private static Encoding? EncodingOf(FetchedPage page)
    {
        if (page.Type?.CharSet?.Trim('"', '\'', ' ') is not { Length: > 0 } name)
            return null;

        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    // A byte order mark goes before both.
    private static string Decode(byte[] body, Encoding encoding)
    {
        using var reader = new StreamReader(new MemoryStream(body), encoding, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }
}
