using Skein.Agent.Tools;

namespace Skein.Agent.Fetching;

/// <summary>An address that the model named.</summary>
/// <param name="Host">As permission rules match it: lower-case, in ASCII, without a dot at its end.</param>
internal sealed record FetchAddress(Uri Url, string Host)
{
    private const int Longest = 8192;

    /// <exception cref="ToolInputException">It is none.</exception>
    public static FetchAddress Parse(string text)
    {
        if (text.Length > Longest || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.IdnHost.Length == 0)
            throw new ToolInputException($"'url' must be an http or https address of at most {Longest} characters, not '{ToolTexts.OneLine(text, 200)}'.");

        // It would stand in the log, and in whatever the page is told of where it was asked from.
        if (url.UserInfo.Length > 0)
            throw new ToolInputException("'url' must not hold a user or a password: fetch asks as nobody.");

        return new FetchAddress(url, HostOf(url.IdnHost));
    }

    public static string HostOf(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
}
