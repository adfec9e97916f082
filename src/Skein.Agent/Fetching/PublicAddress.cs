using System.Net;
using System.Net.Sockets;

namespace Skein.Agent.Fetching;

/// <summary>
/// Which addresses belong to the public internet. All others reach this machine, its networks or nothing: IANA's registries of
/// special-purpose addresses. An IPv6 address that stands for an IPv4 address is as public as that.
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] s_special4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork s_unicast6 = IPNetwork.Parse("2000::/3");

    // Of those: protocol assignments (Teredo among them), documentation, and 6to4, which leads to an IPv4 address of the sender's choice.
    private static readonly IPNetwork[] s_special6 = [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse)];

    private static readonly IPNetwork s_nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !s_special4.Any(network => network.Contains(address));

        if (address.IsIPv4MappedToIPv6 || s_nat64.Contains(address))
            return IsPublic(new IPAddress(address.GetAddressBytes()[12..]));

        return s_unicast6.Contains(address) && !s_special6.Any(network => network.Contains(address));
    }
}
