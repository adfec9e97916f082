using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace Skein.Agent.Fetching;

/// <summary>
/// A page of HTML as Markdown: its main content, without what a reader does not see. Nothing of it is loaded or run. Pages may be made to
/// be hard to read: the tree is walked without recursion, and reading stops when the token says so.
/// </summary>
internal static class HtmlMarkdown
{
    private static readonly HashSet<string> s_skipped = new(StringComparer.Ordinal)
    {
        "script", "style", "template", "svg", "math", "iframe", "object", "canvas", "audio", "video", "nav", "button", "input", "select", "textarea",
    };

    private static readonly HashSet<string> s_blocks = new(StringComparer.Ordinal)
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td",
        "tfoot", "th", "thead", "tr", "ul",
    };

    /// <param name="encoding">As the server says; null: as the page says.</param>
    public static string Of(byte[] html, Encoding? encoding, Uri url, CancellationToken cancellationToken)
    {
        // The mark settles it for the parser, whatever the page says of itself.
        var bytes = encoding is null ? html : [.. Encoding.UTF8.Preamble, .. Encoding.Convert(encoding, Encoding.UTF8, html)];
        using var document = Parse(bytes, cancellationToken);
        var root = document.QuerySelector("main, [role=main]") ?? (document.QuerySelectorAll("article") is [var article] ? article : document.Body);
        return root is null ? "" : new Walk(root, document, BaseOf(document, url)).Run(cancellationToken);
    }

    private static IHtmlDocument Parse(byte[] html, CancellationToken cancellationToken)
    {
        using var stream = new CancelledStream(html, cancellationToken);
        try
        {
            return new HtmlParser().ParseDocument(stream);
        }
        catch (AggregateException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static Uri BaseOf(IHtmlDocument document, Uri url) =>
        document.QuerySelector("base[href]")?.GetAttribute("href") is { } href && Uri.TryCreate(url, href, out var given) ? given : url;

    private sealed class Walk(INode root, IHtmlDocument document, Uri url)
    {
        private readonly MarkdownWriter _out = new();
        private readonly Dictionary<IElement, bool> _isData = [];

        public string Run(CancellationToken cancellationToken)
        {
            if (document.Title is { Length: > 0 } title && document.QuerySelector("h1") is null)
                Heading(1, title);

            var node = root;
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Enter(node) && node.FirstChild is { } child)
                {
                    node = child;
                    continue;
                }

                while (true)
                {
                    if (node is IElement element)
                        Leave(element);
                    if (node == root)
                        return _out.ToString();
                    if (node.NextSibling is { } next)
                    {
                        node = next;
                        break;
                    }

                    node = node.Parent!;
                }
            }
        }

        private bool Enter(INode node)
        {
            if (node is IText text)
                _out.Text(text.Data);
            return node is IElement element && !IsHidden(element) && Enter(element);
        }

        /// <returns>Whether to look into it; it is left in any case.</returns>
        private bool Enter(IElement element)
        {
            switch (element.LocalName)
            {
                case "br":
                    _out.Line();
                    return false;
                case "hr":
                    _out.Block();
                    _out.Mark("---");
                    return false;
                case "img":
                    Image(element);
                    return false;
                case "pre" when !_out.InCell:
                    _out.Code(element.TextContent, LanguageOf(element));
                    return false;
                case "code" or "kbd" or "samp" or "tt":
                    _out.Open("`");
                    return true;
                case "strong" or "b" when IsInline(element):
                    _out.Open("**");
                    return true;
                case "em" or "i" when IsInline(element):
                    _out.Open("*");
                    return true;
                case "a" when TargetOf(element) is not null && IsInline(element):
                    _out.Open("[");
                    return true;
                case "h1" or "h2" or "h3" or "h4" or "h5" or "h6":
                    _out.Block();
                    _out.Open(new string('#', element.LocalName[1] - '0') + " ");
                    return true;
                case "blockquote":
                    _out.Block();
                    _out.Indent("> ", "> ");
                    return true;
                case "li":
                    _out.Line();
                    var mark = element.ParentElement?.LocalName == "ol" ? $"{NumberOf(element)}. " : "- ";
                    _out.Indent(mark, new string(' ', mark.Length));
                    return true;
                case "dd":
                    _out.Line();
                    _out.Indent(": ", "  ");
                    return true;
                case "tr" when IsCellOfData(element):
                    _out.Line();
                    _out.Mark("|");
                    return true;
                case "td" or "th" when IsCellOfData(element):
                    _out.Text(" ");
                    _out.InCell = true;
                    return true;
                case "dt" or "tr":
                    _out.Line();
                    return true;
                default:
                    BreakAround(element);
                    return true;
            }
        }

        private void Leave(IElement element)
        {
            if (IsHidden(element))
                return;

            switch (element.LocalName)
            {
                case "br" or "img":
                    break;
                case "code" or "kbd" or "samp" or "tt":
                    _out.Close("`", "`");
                    break;
                case "strong" or "b" when IsInline(element):
                    _out.Close("**", "**");
                    break;
                case "em" or "i" when IsInline(element):
                    _out.Close("*", "*");
                    break;
                case "a" when TargetOf(element) is { } target:
                    if (IsInline(element))
                        _out.Close("[", $"]({target})");
                    else
                        _out.Mark($"<{target}>");
                    break;
                case "h1" or "h2" or "h3" or "h4" or "h5" or "h6":
                    _out.Close(new string('#', element.LocalName[1] - '0') + " ", "");
                    _out.Block();
                    break;
                case "blockquote":
                    _out.Outdent();
                    _out.Block();
                    break;
                case "li" or "dd":
                    _out.Outdent();
                    _out.Line();
                    break;
                case "td" or "th" when IsCellOfData(element):
                    _out.InCell = false;
                    _out.Text(" ");
                    _out.Mark("|");
                    break;
                case "tr" when IsCellOfData(element):
                    if (element.PreviousElementSibling is null && element.ParentElement?.PreviousElementSibling is null)
                        Rule(element.ChildElementCount);
                    break;
                case "dt" or "tr":
                    _out.Line();
                    break;
                default:
                    BreakAround(element);
                    break;
            }
        }

        private void BreakAround(IElement element)
        {
            // A list in an item goes on without a blank line.
            if (element.LocalName is "ul" or "ol" && element.ParentElement?.LocalName == "li")
                _out.Line();
            else if (s_blocks.Contains(element.LocalName))
                _out.Block();
        }

        private void Heading(int level, string text)
        {
            _out.Mark(new string('#', level) + " ");
            _out.Text(text);
            _out.Block();
        }

        private void Rule(int columns)
        {
            _out.Line();
            _out.Mark("|" + string.Concat(Enumerable.Repeat(" --- |", columns)));
        }

        private void Image(IElement image)
        {
            if (image.GetAttribute("alt") is { } alt && !string.IsNullOrWhiteSpace(alt))
            {
                _out.Mark("![");
                _out.Text(alt.Trim());
                _out.Mark(Absolute(image.GetAttribute("src")) is { } source ? $"]({source})" : "]");
            }
        }

        private string? TargetOf(IElement link) => Absolute(link.GetAttribute("href"));

        // Only what can be fetched: no scripts, no data, no places within the page.
        private string? Absolute(string? address) =>
            address is { Length: > 0 } && address[0] != '#' && Uri.TryCreate(url, address.Trim(), out var target) && target.Scheme is "http" or "https"
                ? target.AbsoluteUri
                : null;

        private static int NumberOf(IElement item)
        {
            // A list may be long: of its items only the first say their number.
            var number = 1;
            for (var before = item.PreviousElementSibling; before is not null && number < 1000; before = before.PreviousElementSibling)
                number++;
            return number;
        }

        private static string LanguageOf(IElement code) =>
            (code.ClassList.Concat(code.FirstElementChild?.ClassList ?? Enumerable.Empty<string>())).FirstOrDefault(static c => c.StartsWith("language-", StringComparison.Ordinal))?["language-".Length..] ?? "";

        private static bool IsInline(IElement element) => !element.Children.Any(static c => s_blocks.Contains(c.LocalName));

        // Tables of others are there for how a page looks: their cells are read one after the other.
        private bool IsCellOfData(IElement part)
        {
            var table = part;
            while (table is not null and not IHtmlTableElement)
                table = table.ParentElement;
            if (table is null)
                return false;

            // Asked once a table: for every cell all of them would be looked through.
            if (!_isData.TryGetValue(table, out var isData))
                _isData[table] = isData = table.QuerySelector("table, p, ul, ol, pre, h1, h2, h3, h4, blockquote") is null;
            return isData;
        }

        private static bool IsHidden(IElement element) =>
            s_skipped.Contains(element.LocalName) || element.HasAttribute("hidden") || element.GetAttribute("aria-hidden") == "true"
            || (element.GetAttribute("style") is { } style && style.Replace(" ", "", StringComparison.Ordinal) is var squeezed
                && (squeezed.Contains("display:none", StringComparison.OrdinalIgnoreCase) || squeezed.Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>The parser asks for the next piece from time to time: the one moment to stop it.</summary>
    private sealed class CancelledStream(byte[] bytes, CancellationToken cancellationToken) : MemoryStream(bytes, writable: false)
    {
        private const int Piece = 4096;

        public override int Read(byte[] buffer, int offset, int count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return base.Read(buffer, offset, Math.Min(count, Piece));
        }

        public override int Read(Span<byte> buffer)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return base.Read(buffer[..Math.Min(buffer.Length, Piece)]);
        }
    }
}
