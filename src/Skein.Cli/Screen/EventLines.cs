using System.Text;
using Skein.Core.Events;

namespace Skein.Cli.Screen;

/// <summary>Events as JSON, one a line, as the API has them.</summary>
internal static class EventLines
{
    public static string Of(SessionEvent e) => Encoding.UTF8.GetString(EventCodec.Encode(e, withSession: true).Span);
}
